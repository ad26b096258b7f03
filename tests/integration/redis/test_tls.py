"""Redis over TLS (`rediss`): the certificate is verified, and lost connections are noticed as without TLS."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis import Redis

from shop.adapters.redis.connection import make_client
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.domain.errors import DependencyUnavailable
from tests.support.round_trips import round_trips


class _TlsFront:
    """Ends TLS in front of a server; one thread for each connection."""

    def __init__(self, url: str, certificate: Path) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        credentials = parts.netloc.rpartition("@")[0]
        self.url = f"rediss://{credentials}@127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def cut(self) -> None:
        """Close every connection."""
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._clients.clear()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(plain,), daemon=True).start()

    def _forward(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client = self._context.wrap_socket(plain, server_side=True)
            self._clients.append(client)
            with client, socket.create_connection(self._target) as server:
                while True:
                    ready, _, _ = select.select([client, server], [], [])
                    source, sink = (client, server) if client in ready else (server, client)
                    if not (data := source.recv(1 << 20)):
                        return
                    sink.sendall(data)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def front(redis: str, certificate: Path) -> Iterator[_TlsFront]:
    made = _TlsFront(redis, certificate)
    yield made
    made.close()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def test_an_unknown_certificate_is_refused(front: _TlsFront) -> None:
    client = make_client(front.url)
    with pytest.raises(DependencyUnavailable) as raised:
        client.ping()
    assert "CERTIFICATE_VERIFY_FAILED" in str(raised.value.__cause__)
    client.close()


def test_a_certificate_for_another_host_is_refused(front: _TlsFront, trusted: None) -> None:
    client = make_client(front.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(DependencyUnavailable) as raised:
        client.ping()
    assert "CERTIFICATE_VERIFY_FAILED" in str(raised.value.__cause__)
    client.close()


def test_a_closed_connection_is_replaced(front: _TlsFront, redis: str, trusted: None) -> None:
    client = make_client(front.url)
    assert client.incr("counter") == 1
    with round_trips(redis) as trips:
        assert client.incr("counter") == 2
    assert trips.count == 1
    front.cut()
    assert client.incr("counter") == 3
    client.close()


def test_changed_keys_are_reported(front: _TlsFront, redis: str, trusted: None) -> None:
    invalidations = RedisInvalidations(front.url, ["product:"])
    assert invalidations.changed() is None
    with Redis.from_url(redis) as writer:
        keys = {f"product:{number}" for number in range(2_000)}
        writer.mset(dict.fromkeys(keys, "x"))
        seen: set[str] = set()
        while seen != keys:
            changed = invalidations.changed()
            assert changed is not None
            seen |= changed
    front.cut()
    assert invalidations.changed() is None
    assert invalidations.listening
    invalidations.close()
