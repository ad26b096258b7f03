"""RabbitMQ for the tests: queues to read as Amazon MQ's event source does, and a line that can be cut."""

import base64
import contextlib
import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel


@contextmanager
def channel(rabbitmq_url: str) -> Iterator[BlockingChannel]:
    """A channel of the test's own."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


def purge(rabbitmq_url: str, *queues: str) -> None:
    """Empty queues."""
    with channel(rabbitmq_url) as opened:
        for queue in queues:
            opened.queue_purge(queue)


def put(rabbitmq_url: str, queue: str, body: bytes, **properties: Any) -> None:
    """Put a message straight into a queue."""
    with channel(rabbitmq_url) as opened:
        opened.confirm_delivery()
        opened.basic_publish("", queue, body, pika.BasicProperties(**properties), mandatory=True)


def take(rabbitmq_url: str, queue: str) -> list[tuple[pika.BasicProperties, bytes]]:
    """Take every message out of a queue."""
    messages: list[tuple[pika.BasicProperties, bytes]] = []
    with channel(rabbitmq_url) as opened:
        while True:
            method, properties, body = opened.basic_get(queue, auto_ack=True)
            if method is None:
                return messages
            messages.append((properties, body))


def rmq_event(queue: str, messages: Sequence[tuple[pika.BasicProperties, bytes]]) -> dict[str, Any]:
    """Build the event with which the event source mapping hands over messages."""
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:shop:b-1",
        "rmqMessagesByQueue": {
            f"{queue}::/": [
                {
                    "basicProperties": {
                        "contentType": properties.content_type,
                        "contentEncoding": None,
                        "headers": dict(properties.headers or {}),
                        "deliveryMode": properties.delivery_mode,
                        "messageId": properties.message_id,
                        "bodySize": len(body),
                    },
                    "redelivered": "x-delivery-count" in (properties.headers or {}),
                    "data": base64.b64encode(body).decode(),
                }
                for properties, body in messages
            ]
        },
    }


class Line:
    """A TCP connection to a server that can be cut, refused or left silent.

    Parameters
    ----------
    url : str
        Address of the server.
    """

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self._target = (split.hostname, split.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        credentials = split.netloc.rpartition("@")[0]
        port = self._listener.getsockname()[1]
        self.url = urlunsplit(split._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
        self.silent = False
        self.refusing = False
        self.opened = 0
        self.refused = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        """Close every connection, as a firewall or a restarted server does."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            ends = {end: other for a, b in self._pairs for end, other in ((a, b), (b, a))}
            try:
                readable, _, _ = select.select([self._listener, *ends], [], [], 0.02)
            except (OSError, ValueError):
                continue  # cut meanwhile
            for source in readable:
                if source is self._listener:
                    self._accept()
                elif not self.silent:
                    self._forward(source, ends[source])
                else:
                    self._ending.wait(0.02)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self.refusing:
            client.close()
            self.refused += 1
            return
        self.opened += 1
        self._pairs.append((client, socket.create_connection(self._target)))

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            if data := source.recv(65536):
                target.sendall(data)
                return
        except OSError:
            pass
        self._pairs = [pair for pair in self._pairs if source not in pair]
        source.close()
        target.close()
