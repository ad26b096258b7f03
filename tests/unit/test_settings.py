import ssl
from typing import Any

import pika
import pytest
import redis
from msgspec.structs import fields

from shop.adapters.opensearch.client import connect
from shop.adapters.redis.connection import make_client
from shop.bootstrap import Environment, Part, catalog, postgres, queues, rabbitmq, schema
from shop.bootstrap import redis as redis_part
from shop.bootstrap.settings import Settings, SettingsError, load
from shop_local import template
from shop_local.paths import CHECKOUT, TEMPLATE

GOOD = {
    "SHOP_DATABASE_URL": "postgresql://u:p@127.0.0.1:5432/shop",
    "SHOP_REDIS_URL": "redis://127.0.0.1:6379",
    "SHOP_RABBITMQ_URL": "amqp://u:p@127.0.0.1:5672/%2f",
}


def test_three_addresses_are_enough() -> None:
    settings = load(GOOD)
    assert settings.currency == "USD"
    assert settings.reservation_ttl_seconds == 600


@pytest.mark.parametrize(
    ("needing", "name", "wanted"),
    [
        (postgres.database, "SHOP_DATABASE_URL", "postgresql://"),
        (redis_part.redis, "SHOP_REDIS_URL", "redis://"),
        (catalog.invalidations, "SHOP_REDIS_URL", "redis://"),
        (rabbitmq.publisher, "SHOP_RABBITMQ_URL", "amqp://"),
        (queues.queue_depths, "SHOP_RABBITMQ_URL", "amqp://"),
        (schema.schema, "SHOP_DATABASE_URL", "postgresql://"),
    ],
)
def test_what_needs_an_address_says_that_it_is_not_set(
    needing: Part[Any], name: str, wanted: str
) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set; it must begin with {wanted}"):
        Environment(load({})).get(needing)


def test_everything_malformed_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as failure:
        load(dict.fromkeys(GOOD, "wrong"))
    assert set(failure.value.names) == set(GOOD)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SHOP_DATABASE_URL", "mysql://h/d", "postgresql://"),
        ("SHOP_DATABASE_URL", "postgresql:///d", "name a host"),
        ("SHOP_REDIS_URL", "127.0.0.1:6379", "redis://"),
        ("SHOP_RABBITMQ_URL", "http://h", "amqp://"),
        ("SHOP_RABBITMQ_URL", "amqp://u:p@[::1", "name a host"),
        ("SHOP_REDIS_URL", "redis://h:port", "a port from 1"),
        ("SHOP_DATABASE_URL", "postgresql://u:p@h:123456/d", "a port from 1"),
        ("SHOP_OPENSEARCH_URL", "localhost", "http://"),
        ("SHOP_RESERVATION_TTL_SECONDS", "ten", "must be a number"),
        ("SHOP_RESERVATION_TTL_SECONDS", "-1", "more than zero"),
        ("SHOP_STRIPE_TIMEOUT_SECONDS", "0", "more than zero"),
        ("SHOP_STRIPE_TIMEOUT_SECONDS", "nan", "more than zero"),
        ("SHOP_STRIPE_TIMEOUT_SECONDS", "inf", "more than zero"),
        ("SHOP_CURRENCY", "ISK", "must be one of"),
        ("SHOP_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
        ("SHOP_SERVICE_TOKEN_SHA256", "secret", "64 lower-case hex digits"),
    ],
)
def test_a_malformed_setting_is_named_with_its_fix(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=name) as failure:
        load({**GOOD, name: value})
    assert message in str(failure.value)


def test_every_setting_is_described_and_reaches_the_functions() -> None:
    names = {f"SHOP_{field.name.upper()}" for field in fields(Settings)}
    document = template.read(TEMPLATE)
    functions = [document["Globals"]["Function"]]
    functions += [
        resource["Properties"]
        for resource in document["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    given = {
        name
        for properties in functions
        for name in properties.get("Environment", {}).get("Variables", {})
    }
    assert given == names
    page = (CHECKOUT / "docs/settings.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("name", "refused", "accepted"),
    [
        (
            "SHOP_DATABASE_URL",
            "postgresql://u:p@db.internal:5432/shop?sslmode=require",
            "postgresql://u:p@db.internal:5432/shop?sslmode=verify-full&sslrootcert=/opt/rds.pem",
        ),
        ("SHOP_REDIS_URL", "redis://u:p@cache.internal:6379", "rediss://u:p@cache.internal:6379"),
        ("SHOP_RABBITMQ_URL", "amqp://u:p@mq.internal", "amqps://u:p@mq.internal:5671"),
        ("SHOP_OPENSEARCH_URL", "http://search.internal", "https://search.internal"),
        ("SHOP_STRIPE_URL", "http://stripe.internal", "https://stripe.internal"),
    ],
)
def test_another_machine_is_reached_through_verified_tls_only(
    name: str, refused: str, accepted: str
) -> None:
    with pytest.raises(SettingsError, match="without TLS") as failure:
        load({**GOOD, name: refused})
    assert failure.value.names == (name,)
    assert "u:p@" not in str(failure.value)
    load({**GOOD, name: accepted})


def test_the_drivers_verify_certificate_and_host_name() -> None:
    cache = make_client("rediss://cache.internal").connection_pool.make_connection()
    assert isinstance(cache, redis.SSLConnection)
    assert (cache.cert_reqs, cache.check_hostname) == (ssl.CERT_REQUIRED, True)
    context = pika.URLParameters("amqps://u:p@mq.internal").ssl_options.context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    (search,) = connect("https://search.internal", 1).transport.connection_pool.connections
    assert search.pool.cert_reqs == "CERT_REQUIRED"
