"""GET /api/health."""

import time
from collections.abc import Iterator

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.services.platform import health
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def container(database: str, redis: str, rabbitmq_url: str) -> Iterator[Container]:
    with container_for(database, redis, rabbitmq_url, stripe_configured=True) as made:
        yield made


def test_all_is_well(shop: Gateway) -> None:
    answer = shop.get("/api/health")
    assert (answer.status, answer.json["status"]) == (200, "ok")
    servers = answer.json["dependencies"]
    assert set(servers) == {"postgresql", "redis", "rabbitmq", "stripe"}
    for server in servers.values():
        assert server["up"]
        assert server["latency_ms"] >= 0
        assert not server["degraded"]
    assert answer.headers["cache-control"] == "no-store"


def test_without_redis_rabbitmq_and_opensearch_it_is_degraded(database: str) -> None:
    with container_for(
        database, f"redis://{NOWHERE}", opensearch_url=f"http://{NOWHERE}"
    ) as container:
        answer = Gateway(container).get("/api/health")
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    unavailable = {"up": False, "latency_ms": None, "degraded": True}
    for name in ("redis", "rabbitmq", "opensearch", "stripe"):
        assert answer.json["dependencies"][name] == unavailable


def test_without_postgresql_it_is_down(redis: str) -> None:
    with container_for(f"postgresql://shop@{NOWHERE}/shop", redis) as container:
        answer = Gateway(container).get("/api/health")
    assert (answer.status, answer.json["status"]) == (503, "down")
    assert answer.json["dependencies"]["postgresql"]["up"] is False
    assert answer.json["dependencies"]["redis"]["up"] is True


class Server:
    name, required = "hanging", False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def check(self) -> bool:
        time.sleep(self.seconds)
        if self.seconds == 0:
            raise DependencyUnavailable("server")
        return True


def test_servers_are_checked_in_parallel_with_a_time_limit() -> None:
    begin = time.monotonic()
    checkups = health.examine([Server(5), Server(5), Server(0)], timeout=0.3)
    assert time.monotonic() - begin < 4
    assert [checkup.up for checkup in checkups] == [False] * 3


class Broken:
    name, required = "broken", False

    def check(self) -> bool:
        raise ValueError("nobody foresaw this")


def test_an_unexpected_error_affects_that_server_only(caplog: pytest.LogCaptureFixture) -> None:
    broken, slow = health.examine([Broken(), Server(0.01)])
    assert (broken.up, broken.degraded, slow.up) == (False, True, True)
    assert "broken" in caplog.text
    assert "nobody foresaw this" in caplog.text


def test_a_slow_server_is_degraded() -> None:
    (checkup,) = health.examine([Server(0.6)])
    assert (checkup.up, checkup.degraded) == (True, True)
    assert health.report([checkup]).status == "degraded"
