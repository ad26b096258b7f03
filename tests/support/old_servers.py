"""Stubs on loopback that only report a version, because old servers cannot be installed here."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pika.frame
import pika.spec

type Answer = Callable[[bytes], bytes]


@contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """Answer whatever is received; yields ``127.0.0.1:<port>``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answer))
        thread.start()
        host, port = server.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(server: socket.socket, answer: Answer) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return  # shut down
        with connection:
            while received := connection.recv(4096):
                connection.sendall(answer(received))


def postgresql(version: str) -> Answer:
    """Let everybody in, without a password."""
    ssl_request, gss_request = 80877103, 80877104

    def answer(received: bytes) -> bytes:
        code = int.from_bytes(received[4:8]) if len(received) >= 8 else 0
        if code in (ssl_request, gss_request):
            return b"N"
        if received.startswith(b"X"):
            return b""
        status = {"server_version": version, "client_encoding": "UTF8", "DateStyle": "ISO, MDY"}
        reports = b"".join(
            _message(b"S", f"{name}\0{value}\0".encode()) for name, value in status.items()
        )
        return _message(b"R", struct.pack("!I", 0)) + reports + _message(b"Z", b"I")

    return answer


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def redis(version: str) -> Answer:
    """Speak RESP3 from version 6 on."""

    def answer(received: bytes) -> bytes:
        if b"HELLO" not in received:
            return b"+OK\r\n" * max(1, received.count(b"*"))
        if int(version.partition(".")[0]) < 6:
            return b"-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n"
        return f"%3\r\n+server\r\n+redis\r\n+version\r\n+{version}\r\n+proto\r\n:3\r\n".encode()

    return answer


def broker(product: str, version: str) -> Answer:
    """Open the handshake of AMQP 0-9-1."""
    start = pika.spec.Connection.Start(0, 9, {"product": product, "version": version})
    return lambda received: bytes(pika.frame.Method(0, start).marshal())


def search_engine(**version: str) -> Answer:
    """Answer every HTTP request with a node's greeting."""
    body = json.dumps({"name": "node", "version": version}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return lambda received: head.encode() + body
