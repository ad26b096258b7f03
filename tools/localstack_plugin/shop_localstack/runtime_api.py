"""The Lambda Runtime API (2018-06-01) on loopback, one server for one Lambda process.

It implements only the HTTP that ``awslambdaric`` uses: the standard library's parser takes longer than the
rest of an invocation.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass
from enum import StrEnum
from queue import SimpleQueue
from typing import IO

NOTHING = b""


@dataclass(frozen=True)
class Invocation:
    """One event for the function."""

    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    payload: bytes

    def response(self) -> bytes:
        """Return the answer to ``GET …/invocation/next``."""
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(self.payload)}\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {self.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {self.deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {self.function_arn}\r\n"
            f"Lambda-Runtime-Trace-Id: {self.trace_id}\r\n\r\n"
        )
        return head.encode() + self.payload


class Kind(StrEnum):
    """The kind of a report."""

    READY = "ready"
    INIT_ERROR = "init_error"
    RESPONSE = "response"
    ERROR = "error"
    EXIT = "exit"


@dataclass(frozen=True)
class Report:
    """A report of a Lambda process or, for ``EXIT``, how it ended."""

    kind: Kind
    request_id: str = ""
    body: bytes = NOTHING


class RuntimeApi:
    """Serve one Lambda process.

    Parameters
    ----------
    reports
        Queue for everything that the process reports.
    """

    def __init__(self, reports: "SimpleQueue[Report]") -> None:
        self._reports = reports
        self._work: SimpleQueue[Invocation | None] = SimpleQueue()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, name="lambda-runtime-api", daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        """Hand an event to the process that asks for the next one."""
        self._work.put(invocation)

    def close(self) -> None:
        """Stop serving; open requests are dropped."""
        self._work.put(None)
        with contextlib.suppress(OSError):  # macOS cannot shut down listening sockets
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(connection,), name="lambda-runtime-api", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while request := stream.readline():
                    method, path, _ = request.decode("latin-1").split(" ", 2)
                    body = _read_body(stream)
                    answer = self._next() if method == "GET" else self._reported(path, body)
                    if answer is None:
                        return
                    connection.sendall(answer)
        except (OSError, ValueError):
            return  # the process ended during a request; its exit is reported

    def _next(self) -> bytes | None:
        self._reports.put(Report(Kind.READY))
        invocation = self._work.get()
        return invocation.response() if invocation else None

    def _reported(self, path: str, body: bytes) -> bytes:
        parts = path.strip("/").split("/")  # 2018-06-01/runtime/{init|invocation/<id>}/<what>
        if parts[2] == "init":
            self._reports.put(Report(Kind.INIT_ERROR, body=body))
        else:
            self._reports.put(Report(Kind(parts[4]), parts[3], body))
        return b'HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\n\r\n{"status":"OK"}'


def _read_body(stream: IO[bytes]) -> bytes:
    length, chunked = 0, False
    while (line := stream.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = line.partition(b":")
        match name.lower():
            case b"content-length":
                length = int(value)
            case b"transfer-encoding":
                chunked = b"chunked" in value.lower()
    if not chunked:
        return stream.read(length) if length else NOTHING
    chunks = []
    while size := int(stream.readline().split(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline()
    while stream.readline() not in (b"\r\n", b"\n", b""):
        pass  # trailers
    return b"".join(chunks)
