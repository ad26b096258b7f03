"""Questions to processes, any of which may end before it answers."""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import psutil


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that waits for others: a TCP listener, or a UDP socket with no peer."""

    process: str
    address: str
    port: int


def asked[T](question: Callable[[], T], *, ended: T) -> T:
    """Ask a process something; give `ended` if it ends before it answers."""
    try:
        return question()
    except psutil.NoSuchProcess:
        return ended


def runs(process: psutil.Process) -> bool:
    """Say whether a process is more than an entry its parent has not collected yet."""
    return asked(
        lambda: process.is_running() and process.status() != psutil.STATUS_ZOMBIE, ended=False
    )


def family(process: psutil.Process) -> list[psutil.Process]:
    """List a process and its descendants; the list is empty if the process has ended."""
    return asked(lambda: [process, *process.children(recursive=True)], ended=[])


def command_line(process: psutil.Process) -> list[str]:
    """Return the words that started a process; none if it has ended."""
    return asked(process.cmdline, ended=[])


def listening(processes: Iterable[psutil.Process]) -> list[Listening]:
    """List the sockets on which processes wait for others; one that has ended has none.

    The list is empty if all have ended: the caller asserts which ports it expects in it.
    """
    found: list[Listening] = []
    for process in processes:
        found += asked(partial(_listening, process), ended=[])
    return found


def _listening(process: psutil.Process) -> list[Listening]:
    name = process.name()
    return [
        Listening(name, connection.laddr.ip, connection.laddr.port)
        for connection in process.net_connections(kind="inet")
        if connection.laddr
        and (
            connection.status == psutil.CONN_LISTEN
            or (connection.type == socket.SOCK_DGRAM and not connection.raddr)
        )
    ]
