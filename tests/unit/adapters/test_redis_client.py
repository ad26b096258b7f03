"""What Redis refuses because of itself, and not because of the command."""

import socket
import threading
from collections.abc import Iterator

import hiredis
import pytest

from shop.adapters.redis.client import RedisClient, Script
from shop.domain.errors import DependencyUnavailable


class _Refusing:
    """A server that says the same to every command."""

    def __init__(self) -> None:
        self.reply = b""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                while client.recv(65536):
                    client.sendall(self.reply + b"\r\n")


@pytest.fixture
def server() -> Iterator[_Refusing]:
    made = _Refusing()
    yield made
    made.close()


@pytest.fixture
def client(server: _Refusing) -> Iterator[RedisClient]:
    made = RedisClient(server.url)
    yield made
    made.close()


@pytest.mark.parametrize(
    "reply",
    [
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "CLUSTERDOWN The cluster is down",
        "LOADING Redis is loading the dataset in memory",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist",
        "NOREPLICAS Not enough good replicas to write.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
    ],
)
def test_a_server_that_cannot_now_is_away_and_keeps_its_connection(
    server: _Refusing, client: RedisClient, reply: str
) -> None:
    server.reply = b"-" + reply.encode()
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            client.execute("SET", "key", 1)
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ],
)
def test_a_server_that_is_no_primary_any_more_is_left(
    server: _Refusing, client: RedisClient, reply: str
) -> None:
    server.reply = b"-" + reply.encode()
    with pytest.raises(DependencyUnavailable):
        client.execute("SET", "key", 1)
    server.reply = b"+OK"
    assert client.execute("SET", "key", 1) == b"OK"
    assert server.connections == 2


@pytest.mark.parametrize("reply", ["ERR syntax error", "BUSYGROUP Consumer Group name exists"])
def test_a_wrong_command_is_an_error(server: _Refusing, client: RedisClient, reply: str) -> None:
    server.reply = b"-" + reply.encode()
    with pytest.raises(hiredis.ReplyError):
        client.execute("SET", "key", 1)


def test_a_script_refused_like_that_is_an_outage_too(redis: str) -> None:
    client = RedisClient(redis)
    write = Script("return redis.call('SET', KEYS[1], 1)")
    client.execute("CONFIG", "SET", "min-replicas-to-write", 1)
    try:
        with pytest.raises(DependencyUnavailable):
            client.script(write, ["key"])
    finally:
        client.execute("CONFIG", "SET", "min-replicas-to-write", 0)
        client.close()
