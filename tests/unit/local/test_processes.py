"""Which processes a stack recognises as its own."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shop_local import processes, stack
from shop_local.paths import State
from shop_local.services import SERVICES, RunningServices
from shop_local.services.postgres import PostgreSQL
from tests.support.waiting import eventually


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "original")


@pytest.fixture
def server(state: State) -> Iterator[processes.Recorded]:
    """A process recorded as the Stripe fake."""
    recorded = processes.spawn(state, "stripe", ["sleep", "60"])
    yield recorded
    recorded.end(timeout_seconds=1)


def rewrite(record: Path, **values: object) -> None:
    known = {**json.loads(record.read_text()), **values}
    record.write_text(json.dumps({key: value for key, value in known.items() if value is not None}))


def alive(state: State) -> bool:
    found = processes.find(state, "stripe")
    return bool(found and found.process())


def test_a_process_is_found_after_the_clock_was_set(
    state: State, server: processes.Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: real(self) + 3600)
    assert alive(state)
    assert RunningServices(state.folder, SERVICES).service("stripe").running()


def test_another_process_with_the_same_pid_is_not_found(
    state: State, server: processes.Recorded
) -> None:
    assert server.ticks
    rewrite(server.record, ticks=server.ticks - 1)
    assert not alive(state)
    processes.find(state, "stripe").end()  # type: ignore[union-attr]
    assert server.process()


def test_a_program_with_a_strange_name_is_recognised(state: State, tmp_path: Path) -> None:
    program = tmp_path / "a) S (b 1 2"
    shutil.copy(shutil.which("sleep") or "", program)
    recorded = processes.spawn(state, "stripe", [program, "60"])
    try:
        assert alive(state)
    finally:
        recorded.end(timeout_seconds=1)


#: Ends the first thread and leaves the other, as in a large server that is just ending.
HALF_GONE = """
import ctypes, platform, signal, threading, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""


@pytest.mark.skipif(platform.system() != "Linux", reason="ends a thread by a call of Linux")
def test_a_process_that_is_ending_is_waited_for(state: State) -> None:
    recorded = processes.spawn(state, "stripe", [sys.executable, "-c", HALF_GONE])
    process = psutil.Process(recorded.pid)
    eventually(
        process.status,
        what="its first thread ends",
        until=lambda status: status == psutil.STATUS_ZOMBIE,
        pause=0.01,
    )
    assert alive(state)
    assert recorded.end(timeout_seconds=0.3)
    assert not recorded.process()


def test_records_of_an_earlier_release_are_understood(
    state: State, server: processes.Recorded
) -> None:
    rewrite(server.record, ticks=None, folder=None)
    assert alive(state)
    rewrite(server.record, started=server.started - 60)
    assert not alive(state)


def test_a_copy_of_the_folder_leaves_the_originals_processes_alone(
    state: State, server: processes.Recorded, tmp_path: Path
) -> None:
    copy = State(shutil.copytree(state.folder, tmp_path / "copy"))
    assert processes.recorded(copy) == []
    assert stack.down(copy) == []
    assert server.process()
    own = processes.spawn(copy, "stripe", ["sleep", "60"])
    assert stack.down(copy) == ["stripe"]
    assert not own.process()
    assert alive(state)


def test_a_folder_reached_by_another_name_or_moved_keeps_its_processes(
    state: State, server: processes.Recorded, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(state.folder)
    assert alive(State(link))
    moved = State(state.folder.rename(tmp_path / "moved"))
    assert alive(moved)
    assert stack.down(moved) == ["stripe"]
    assert not server.process()


def test_a_copied_database_is_not_locked_by_the_originals_server(
    state: State, tmp_path: Path
) -> None:
    original = PostgreSQL(state)
    folder = state.data_of("postgresql") / "18"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1700000000\n")
    copy = State(shutil.copytree(state.folder, tmp_path / "copy"))

    PostgreSQL(copy).prepare()
    original.prepare()

    assert not (copy.data_of("postgresql") / "18/postmaster.pid").exists()
    assert (folder / "postmaster.pid").exists()


def test_an_interrupted_down_leaves_no_addresses(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: RunningServices) -> None:
        raise KeyboardInterrupt

    stack.save(state, {"SHOP_API_URL": "http://127.0.0.1:1"})
    monkeypatch.setattr(RunningServices, "stop_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stack.down(state)
    with pytest.raises(stack.StackError, match="not up"):
        stack.load_env(state)
