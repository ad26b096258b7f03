"""The sample events of events/{inventory,platform}, replayed."""

import json
from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.stock import levels

PRODUCT = UUID("0199e8a0-1111-7a2b-8c3d-4e5f60718293")


@pytest.fixture(autouse=True)
def product(database: str) -> None:
    add_product(database, product_id=PRODUCT, category="things")


def replay(shop: Gateway, container: Container, function: str) -> Any:
    event = json.loads((CHECKOUT / f"events/{function}.json").read_text())
    if "Authorization" in event.get("headers", {}):
        event["headers"]["Authorization"] = f"Bearer {token_of(container, Role.STAFF)}"
    return shop.invoke(function, event)


def test_samples_in_the_order_of_a_purchase(
    shop: Gateway, container: Container, database: str
) -> None:
    assert replay(shop, container, "inventory/get_stock")["statusCode"] == 200
    assert replay(shop, container, "inventory/set_stock")["statusCode"] == 200
    assert replay(shop, container, "inventory/reserve_stock")["statusCode"] == 200
    assert replay(shop, container, "inventory/hold_order_stock")["reservation_id"]
    assert levels(database, PRODUCT) == (15, 2)
    replay(shop, container, "inventory/on_order_paid")
    assert levels(database, PRODUCT) == (13, 0)
    assert replay(shop, container, "inventory/release_stock")["statusCode"] == 200
    assert levels(database, PRODUCT) == (15, 0)


def test_samples_of_the_schedules(shop: Gateway, container: Container) -> None:
    counts = replay(shop, container, "inventory/expire_reservations")
    assert counts == {"released": 0, "cancelled": 0}
    pruned = replay(shop, container, "platform/prune_records")
    assert pruned == {
        "idempotency_keys": 0,
        "inbox": 0,
        "outbox": 0,
        "webhook_events": 0,
        "links": 0,
        "cart_owners": 0,
        "cost_log_events": 0,
    }


def test_the_sample_of_the_relay_finds_the_broker_unavailable(
    shop: Gateway, container: Container
) -> None:
    from shop.domain.errors import DependencyUnavailable

    with pytest.raises(DependencyUnavailable):
        replay(shop, container, "platform/relay_outbox")


def test_the_sample_of_the_health_check(shop: Gateway, container: Container) -> None:
    answer = replay(shop, container, "platform/get_health")
    assert json.loads(answer["body"])["status"] == "degraded"
