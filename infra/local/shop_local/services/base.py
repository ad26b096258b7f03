"""What every server of the laptop has in common: start, wait until it answers, stop."""

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from shop_local import processes
from shop_local.paths import State
from shop_local.ports import port_for, remembered


class ServiceError(Exception):
    """A server did not start; the message says why and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a server's process is started."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)


def no_report(text: str) -> None:
    """Ignore progress reports."""
    del text


def folder_of(package: str) -> Path:
    """Find the folder of an installed package without importing it."""
    spec = find_spec(package)
    if not spec or not spec.submodule_search_locations:
        raise ServiceError(f"The package {package} is not installed: run `make install`.")
    return Path(next(iter(spec.submodule_search_locations)))


class Service(ABC):
    """One server, run by us on loopback or, when its setting names another, somewhere else.

    Parameters
    ----------
    state : State
        The stack it belongs to.
    """

    #: Name of its log, record and port.
    name: ClassVar[str]
    #: Display name.
    title: ClassVar[str]
    #: The application's setting that has the server's address.
    setting: ClassVar[str]
    #: The variable by which the user names one that runs elsewhere; empty: that setting.
    chosen_by: ClassVar[str] = ""
    #: For a busy machine; a server that ends is noticed at once.
    start_seconds: ClassVar[float] = 180
    stop_seconds: ClassVar[float] = 15
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, state: State) -> None:
        self.state = state
        #: Address of the one that runs elsewhere; empty when this stack runs its own.
        self.external = os.environ.get(self.chosen_by or self.setting, "").strip()
        self.port = remembered(state).get(self.name, 0)
        #: Why the stack goes without this server; empty when it does not.
        self.absent = ""
        #: Receives progress reports about slow steps.
        self.report: Callable[[str], None] = no_report

    @abstractmethod
    def command(self) -> Command:
        """Return the command that starts the process on `self.port`."""

    @abstractmethod
    def probe(self) -> None:
        """Return once the server answers; raise its client's exception otherwise."""

    @abstractmethod
    def url(self) -> str:
        """Return the address of our own server, credentials included."""

    def install(self) -> None:  # noqa: B027 - most have nothing to do
        """Fetch what the server needs and the checkout does not have yet."""

    def prepare(self) -> None:  # noqa: B027
        """Create its data folder and configuration before the process starts."""

    def accept(self) -> None:  # noqa: B027
        """Create accounts and the like once it answers."""

    def reserve_port(self) -> None:
        """Choose the port on which the server is about to start."""
        self.port = port_for(self.state, self.name)

    def settings(self) -> dict[str, str]:
        """Return the application's settings that point to this server."""
        return {self.setting: self.external or self.url()}

    def running(self) -> bool:
        """Return whether this stack's process is running."""
        found = processes.find(self.state, self.name)
        return bool(found and found.process())

    def start(self) -> bool:
        """Start the server unless it runs already or elsewhere; return once it answers.

        Returns
        -------
        bool
            Whether a process was started now; `absent` says whether there is one at all.

        Raises
        ------
        ServiceError
            If it ends, or does not answer in time.
        """
        if self.external:
            return False
        if self.running():
            try:
                self._wait()
            except ServiceError:
                self.report("does not answer, starting it again")
            else:
                return False
        self.stop()
        self.install()
        self.reserve_port()
        self.prepare()
        command = self.command()
        log = self.state.log(self.name)
        self._log_start = log.stat().st_size if log.exists() else 0
        processes.spawn(self.state, self.name, command.arguments, environment=command.environment)
        try:
            self._wait()
            self.accept()
        except BaseException:
            self.kill()
            raise
        return True

    def stop(self) -> None:
        """Stop the server gracefully, and kill it if it does not end."""
        if found := processes.find(self.state, self.name):
            found.end(self.stop_signal, self.stop_seconds)

    def kill(self) -> None:
        """Kill the server, as in a crash."""
        if found := processes.find(self.state, self.name):
            found.end(signal.SIGKILL, 5)

    _log_start = 0

    def _wait(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while True:
            try:
                return self.probe()
            except Exception as error:
                # Every client has its own exceptions for "nobody there yet"; the last is shown.
                if not self.running():
                    raise ServiceError(self._failure("ended while starting")) from error
                if time.monotonic() > deadline:
                    raise ServiceError(
                        self._failure(f"did not answer within {self.start_seconds:.0f} s: {error}")
                    ) from error
            time.sleep(0.05)

    def _failure(self, reason: str) -> str:
        path = self.state.log(self.name)
        lines: list[str] = []
        if path.exists():
            with path.open("rb") as file:
                file.seek(min(self._log_start, path.stat().st_size))
                lines = file.read().decode(errors="replace").splitlines()[-15:]
        tail = "\n".join(f"    {line}" for line in lines) or "    (its log is empty)"
        return f"{self.title} {reason}. End of {path}:\n{tail}"
