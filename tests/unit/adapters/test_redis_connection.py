"""What Redis refuses because of its own state, and how connections are configured."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
from redis import SSLConnection
from redis.exceptions import ResponseError
from redis.utils import HIREDIS_AVAILABLE

from shop.adapters.redis import connection as redis_connection
from shop.adapters.redis.connection import RedisClient, make_client
from shop.domain.errors import DependencyUnavailable

_HANDSHAKE = b"%1\r\n$5\r\nproto\r\n:3\r\n"


class _Refusing:
    """A server that gives the same reply to every command after the handshake."""

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
                while request := client.recv(65536):
                    client.sendall(_HANDSHAKE if b"HELLO" in request else self.reply + b"\r\n")


@pytest.fixture
def server() -> Iterator[_Refusing]:
    made = _Refusing()
    yield made
    made.close()


@pytest.fixture
def client(server: _Refusing) -> Iterator[RedisClient]:
    made = make_client(server.url)
    yield made
    made.close()


@pytest.mark.parametrize(
    "reply",
    [
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "CLUSTERDOWN The cluster is down",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist",
        "NOREPLICAS Not enough good replicas to write.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
    ],
)
def test_a_server_that_cannot_serve_now_is_unavailable_and_keeps_its_connection(
    server: _Refusing, client: RedisClient, reply: str
) -> None:
    server.reply = b"-" + reply.encode()
    with pytest.raises(DependencyUnavailable):
        client.set("key", 1)
    pipeline = client.pipeline(transaction=False)
    pipeline.set("key", "secret")
    with pytest.raises(DependencyUnavailable) as raised:
        pipeline.execute()
    assert "secret" not in f"{raised.value}{raised.value.__cause__}"
    assert server.connections == 1


def test_a_server_that_loads_its_data_is_unavailable(
    server: _Refusing, client: RedisClient
) -> None:
    server.reply = b"-LOADING Redis is loading the dataset in memory"
    with pytest.raises(DependencyUnavailable):
        client.set("key", 1)


@pytest.mark.parametrize(
    "reply",
    [
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ],
)
def test_the_connection_to_a_server_that_is_no_longer_the_primary_is_closed(
    server: _Refusing, client: RedisClient, reply: str
) -> None:
    server.reply = b"-" + reply.encode()
    with pytest.raises(DependencyUnavailable):
        client.set("key", 1)
    server.reply = b"+OK"
    assert client.set("key", 1)
    assert server.connections == 2


@pytest.mark.parametrize("reply", ["ERR syntax error", "BUSYGROUP Consumer Group name exists"])
def test_a_wrong_command_is_an_error(server: _Refusing, client: RedisClient, reply: str) -> None:
    server.reply = b"-" + reply.encode()
    with pytest.raises(ResponseError):
        client.set("key", 1)


def test_a_script_refused_for_the_servers_state_is_unavailable(redis: str) -> None:
    client = make_client(redis)
    write = client.register_script("return redis.call('SET', KEYS[1], 1)")
    client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(DependencyUnavailable):
            write(["key"])
    finally:
        client.config_set("min-replicas-to-write", 0)
        client.close()


def test_a_server_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_connection, "_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = make_client(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        begin = time.monotonic()
        with pytest.raises(DependencyUnavailable):
            client.ping()
        assert 0.2 <= time.monotonic() - begin < 20
        client.close()


def test_rediss_is_tls_with_a_certificate_that_is_verified() -> None:
    connection = make_client("rediss://cache.example:6380/2").connection_pool.make_connection()

    assert isinstance(connection, SSLConnection)
    assert (connection.cert_reqs, connection.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (connection.host, connection.port, connection.db) == ("cache.example", 6380, 2)
    assert connection.socket_timeout == connection.socket_connect_timeout == 2
    assert connection.socket_keepalive


def test_replies_are_parsed_by_hiredis() -> None:
    assert HIREDIS_AVAILABLE
