"""Processes that outlive the command that started them, identified by pid and start time.

Each runs in a session of its own, so a Ctrl-C in the terminal does not reach it, and is recorded
in the state folder, so that a later command can end it, and only it: a pid that was given to
another process in the meantime has another start time. That is counted in clock ticks since the
machine's start where the system tells them, because a time of day moves whenever the clock is set.
A record names its folder too: the one in a copy of the folder is of the original's process.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from shop_local.paths import State, write_private


@dataclass(frozen=True, slots=True)
class Recorded:
    """A process this stack started, running or not."""

    name: str
    pid: int
    started: float
    #: None in a record of an earlier release, and where the system does not tell.
    ticks: int | None
    boot: str
    record: Path

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs."""
        if self.boot != _boot():
            return None
        try:
            process = psutil.Process(self.pid)
            if self.ticks is None:
                same = abs(process.create_time() - self.started) < 2
            else:
                same = _ticks(self.pid) == self.ticks
            alive = same and not _ended(process)
        except psutil.NoSuchProcess:
            return None
        return process if alive else None

    def end(
        self, stop_signal: signal.Signals = signal.SIGTERM, timeout_seconds: float = 10
    ) -> bool:
        """End the process and its children; return whether it had to be killed.

        Parameters
        ----------
        stop_signal : Signals
            The signal that stops this server; with ``SIGKILL`` it ends immediately.
        timeout_seconds : float
            How long it may take before it is killed.
        """
        process = self.process()
        family = self._family(process)
        killed = False
        if process:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(stop_signal)
            if not _gone(process, timeout_seconds):
                killed = True
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        for member in family:
            _gone(member, 5)
        self.record.unlink(missing_ok=True)
        return killed

    def _family(self, process: psutil.Process | None) -> list[psutil.Process]:
        """List the process, its descendants, and what is left of its session once it is gone."""
        members: list[psutil.Process] = []
        if process:
            with contextlib.suppress(psutil.NoSuchProcess):
                members = [process, *process.children(recursive=True)]
        elif self.boot != _boot() or psutil.pid_exists(self.pid):
            # A pid is reused only after the last process of its session has ended.
            return []
        known = {member.pid for member in members}
        for other in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
                if other.pid not in known and os.getsid(other.pid) == self.pid:
                    members.append(other)
        return members


def _boot() -> str:
    """Identify this boot of the machine: pids are not valid after a reboot."""
    source = Path("/proc/sys/kernel/random/boot_id")
    return source.read_text().strip() if source.exists() else str(round(psutil.boot_time(), -2))


def _ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks since the start of the machine."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name, in parentheses: anything may stand between them.
    return int(stat.rpartition(")")[2].split()[19])


def _ended(process: psutil.Process) -> bool:
    """Return whether a process has ended; other threads may outlive the first and hold ports."""
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1


def _gone(process: psutil.Process, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError, OSError):
            os.waitpid(process.pid, os.WNOHANG)
        try:
            if not process.is_running() or _ended(process):
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def spawn(
    state: State,
    name: str,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Recorded:
    """Start a server whose output goes to its log, and record it.

    Parameters
    ----------
    environment : mapping, optional
        Added to the caller's; bytecode is always allowed, whatever the caller's shell says.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    log = state.log(name)
    if log.exists() and log.stat().st_size > 5_000_000:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **(environment or {})},
            cwd=folder or state.folder,
            start_new_session=True,
        )
    # The Popen object may be collected while the server lives on; its status is reaped by us.
    process.returncode = 0
    try:
        started = psutil.Process(process.pid).create_time()
    except psutil.NoSuchProcess:
        started = 0.0
    record = state.run / f"{name}.json"
    recorded = Recorded(name, process.pid, started, _ticks(process.pid), _boot(), record)
    values = {
        "name": name,
        "pid": recorded.pid,
        "started": recorded.started,
        "ticks": recorded.ticks,
        "boot": recorded.boot,
        "folder": str(state.folder.resolve()),
    }
    write_private(record, json.dumps(values))
    return recorded


_NOT_INHERITED = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "VIRTUAL_ENV"})


def find(state: State, name: str) -> Recorded | None:
    """Return the record of one server, if there is one and it is of this folder."""
    record = state.run / f"{name}.json"
    try:
        values = json.loads(record.read_text())
    except FileNotFoundError:
        return None
    if _copied(values.get("folder"), state.folder):
        return None
    return Recorded(
        name,
        int(values["pid"]),
        float(values["started"]),
        values.get("ticks"),
        str(values["boot"]),
        record,
    )


def _copied(origin: str | None, folder: Path) -> bool:
    """Return whether a record came into a folder with a copy of another, which is still there."""
    try:
        return origin is not None and not folder.samefile(origin)
    except OSError:
        # The folder was moved here while its servers run.
        return False


def recorded(state: State) -> list[Recorded]:
    """List every record of the stack."""
    found = (find(state, path.stem) for path in sorted(state.run.glob("*.json")))
    return [record for record in found if record]
