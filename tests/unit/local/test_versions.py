"""Servers that the user brings along are asked for their versions before anything is changed."""

import re

import pytest

from shop.adapters.postgres.migrations import MigrationError, migrate
from shop_local.paths import CHECKOUT, MIGRATIONS
from shop_local.services.base import ServiceError
from shop_local.services.versions import REQUIRED, check
from tests.support import old_servers
from tests.support.old_servers import Answer, listening


@pytest.mark.parametrize(
    ("setting", "scheme", "answer", "problem"),
    [
        (
            "SHOP_DATABASE_URL", "postgresql://shop@", old_servers.postgresql("15.4"),
            "PostgreSQL 15.4 is too old: version 17 or later is required",
        ),
        (
            "SHOP_REDIS_URL", "redis://:secret@", old_servers.redis("5.0.7"),
            "Redis refuses HELLO 3 .*: version 6.2 or later, or any Valkey is required",
        ),
        (
            "SHOP_REDIS_URL", "redis://", old_servers.redis("6.0.16"),
            "Redis 6.0.16 is too old: version 6.2 or later, or any Valkey is required",
        ),
        (
            "SHOP_RABBITMQ_URL", "amqp://shop:secret@", old_servers.broker("RabbitMQ", "3.9.27"),
            "RabbitMQ 3.9.27 is not supported: RabbitMQ 3.10 or later is required",
        ),
        (
            "SHOP_RABBITMQ_URL", "amqp://", old_servers.broker("LavinMQ", "4.0"),
            "LavinMQ 4.0 is not supported: RabbitMQ 3.10 or later is required",
        ),
        (
            "SHOP_RABBITMQ_URL", "amqp://", lambda _: b"AMQP\x00\x01\x00\x00",
            "connecting fails: it does not speak AMQP 0-9-1",
        ),
        (
            "SHOP_OPENSEARCH_URL", "http://",
            old_servers.search_engine(distribution="opensearch", number="2.19.1"),
            "OpenSearch 2.19.1 is not supported: OpenSearch 3 is required",
        ),
        (
            "SHOP_OPENSEARCH_URL", "http://", old_servers.search_engine(number="8.15.0"),
            "Elasticsearch 8.15.0 is not supported: OpenSearch 3 is required",
        ),
        (
            "SHOP_LOCALSTACK_URL", "http://", lambda _: b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nnone",
            "connecting fails: Expecting value: line 1 column 1 \\(char 0\\)",
        ),
    ],
)  # fmt: skip
def test_a_server_of_another_version_is_named_in_one_line(
    setting: str, scheme: str, answer: Answer, problem: str
) -> None:
    with listening(answer) as address, pytest.raises(ServiceError) as caught:
        check({setting: scheme + address})
    assert re.fullmatch(f"{setting}: {problem}", str(caught.value))


@pytest.mark.parametrize(
    ("setting", "scheme", "answer"),
    [
        ("SHOP_DATABASE_URL", "postgresql://shop@", old_servers.postgresql("17.0")),
        ("SHOP_REDIS_URL", "redis://", old_servers.redis("6.2.0")),
        ("SHOP_RABBITMQ_URL", "amqp://", old_servers.broker("RabbitMQ", "3.10.0")),
        (
            "SHOP_OPENSEARCH_URL", "http://shop:secret@",
            old_servers.search_engine(distribution="opensearch", number="3.0.0"),
        ),
    ],
)  # fmt: skip
def test_the_oldest_versions_are_accepted(setting: str, scheme: str, answer: Answer) -> None:
    with listening(answer) as address:
        check({setting: scheme + address})


def test_every_server_that_does_not_answer_is_named() -> None:
    nobody = "127.0.0.1:1"
    addresses = {
        "SHOP_DATABASE_URL": f"postgresql://shop@{nobody}",
        "SHOP_REDIS_URL": f"redis://{nobody}",
        "SHOP_RABBITMQ_URL": f"amqp://{nobody}",
        "SHOP_OPENSEARCH_URL": f"http://{nobody}",
        "SHOP_STRIPE_URL": f"http://{nobody}",
    }
    with pytest.raises(ServiceError) as caught:
        check(addresses)
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [*addresses][:4]
    assert all("connecting fails: " in line and "refused" in line for line in lines)


def test_the_migrations_refuse_an_old_postgresql_before_they_change_it() -> None:
    received: list[bytes] = []
    old = old_servers.postgresql("16.9")

    def answer(request: bytes) -> bytes:
        received.append(request)
        return old(request)

    with listening(answer) as address, pytest.raises(MigrationError, match=r"^PostgreSQL 16\.9 is"):
        migrate(f"postgresql://shop@{address}/shop", MIGRATIONS)
    assert not any(request.startswith((b"Q", b"P")) for request in received)


def test_the_documentation_names_the_versions() -> None:
    page = (CHECKOUT / "docs/settings.md").read_text()
    for product, version in REQUIRED.items():
        assert f"\n| {product} | {version} |" in page
