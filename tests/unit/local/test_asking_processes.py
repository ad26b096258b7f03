"""What the tests ask of processes, when these end meanwhile."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.support.processes import command_line, family, listening, runs

_LISTENS = """
import socket, sys
server = socket.create_server((sys.argv[1], 0))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind((sys.argv[1], 0))
print(server.getsockname()[1], other.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], set[int]]]:
    """A process that listens on loopback, and its two ports."""
    with subprocess.Popen(
        [sys.executable, "-c", _LISTENS, "127.0.0.1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, {int(port) for port in process.stdout.readline().split()}
        process.kill()


def test_sockets_of_live_processes_are_found_although_others_have_ended(
    server: tuple[subprocess.Popen[str], set[int]],
) -> None:
    process, ports = server
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    members = [psutil.Process(ended.pid), psutil.Process(process.pid)]
    ended.communicate()

    found = listening(members)

    assert {(each.address, each.port) for each in found} == {("127.0.0.1", port) for port in ports}
    assert [runs(member) for member in members] == [False, True]
    assert [bool(family(member)) for member in members] == [False, True]
    assert [bool(command_line(member)) for member in members] == [False, True]
