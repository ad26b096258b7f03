"""One Lambda process: `python -m awslambdaric <handler>` beside its Runtime API server."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path
from queue import Empty, SimpleQueue

from shop_localstack.runtime_api import Invocation, Kind, Report, RuntimeApi

_TRUNCATE_LOG_AT = 2**20

_lifeline_read, _lifeline_write = os.pipe()
"""Every Lambda process reads this end; it sees the end of file when LocalStack is gone."""

_running: "weakref.WeakSet[LambdaProcess]" = weakref.WeakSet()


class ProcessLog:
    """What a process writes to its standard output and error, in an unnamed file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("ab", buffering=0)  # noqa: SIM115
        self._offset = 0

    def fileno(self) -> int:
        """Return the descriptor to write to; it appends."""
        return self._file.fileno()

    def read(self) -> str:
        """Return what was written since the last call."""
        fd = self._file.fileno()
        data = os.pread(fd, os.fstat(fd).st_size - self._offset, self._offset)
        self._offset += len(data)
        if self._offset > _TRUNCATE_LOG_AT and os.fstat(fd).st_size == self._offset:
            os.ftruncate(fd, 0)
            self._offset = 0
        return data.decode(errors="replace")

    def close(self) -> None:
        """Drop the file."""
        self._file.close()


class LambdaProcess:
    """A running Lambda process.

    Parameters
    ----------
    command
        The program and its arguments.
    directory
        Working directory, ``/var/task`` of the function.
    environment
        All environment variables of the process.
    log
        Takes standard output and error.
    """

    def __init__(
        self, command: list[str], directory: Path, environment: dict[str, str], log: ProcessLog
    ) -> None:
        self.reports: SimpleQueue[Report] = SimpleQueue()
        self._api = RuntimeApi(self.reports)
        self._started = time.perf_counter()
        self._peak_memory_mb = 0
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "SHOP_LAMBDA_LIFELINE_FD": str(_lifeline_read),
            },
            stdin=subprocess.DEVNULL,
            stdout=log.fileno(),
            stderr=log.fileno(),
            pass_fds=(_lifeline_read,),
            start_new_session=True,
        )
        _running.add(self)
        threading.Thread(target=self._watch, name="lambda-watch", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process can take another invocation."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def age_ms(self) -> float:
        """Return the milliseconds since the start of the process."""
        return (time.perf_counter() - self._started) * 1000

    def submit(self, invocation: Invocation) -> None:
        """Hand an event to the process."""
        self._api.submit(invocation)

    def wait(self, timeout: float) -> Report | None:
        """Return the next report, or nothing after ``timeout`` seconds."""
        try:
            return self.reports.get(timeout=max(timeout, 0))
        except Empty:
            return None

    def peak_memory_mb(self) -> int:
        """Return the highest resident memory that was seen, in MB; 0 where it is not known."""
        with contextlib.suppress(OSError):  # the process has ended, or the system has no /proc
            for line in Path(f"/proc/{self.pid}/status").read_bytes().splitlines():
                if line.startswith(b"VmHWM:"):
                    self._peak_memory_mb = -(-int(line.split()[1]) // 1024)
        return self._peak_memory_mb

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):  # it ended on its own just now
                os.killpg(self.pid, signal.SIGKILL)
        self._api.close()

    def _watch(self) -> None:
        code = self._process.wait()
        how = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
        self.reports.put(Report(Kind.EXIT, body=how.encode()))


def kill_all() -> None:
    """End every Lambda process."""
    for process in list(_running):
        process.kill()
