import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from shop.contracts.events import CONSUMERS, EVENTS, Envelope, OrderCreated, decode, encode
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop_local.functions import declared

ORDER = OrderCreated(
    order_id=UUID(int=1),
    user_id=UUID(int=2),
    total=Decimal("999.90"),
    currency="USD",
    items=[Item(UUID(int=3), 2)],
)


def _envelope() -> Envelope:
    return Envelope(
        event_id=new_id(), occurred_at=datetime.now(UTC), correlation_id="c", event=ORDER
    )


def test_an_event_survives_the_wire() -> None:
    envelope = _envelope()
    assert decode(encode(envelope)) == envelope


def test_the_body_is_flat_and_carries_its_header() -> None:
    body = json.loads(encode(_envelope()), parse_float=Decimal)
    assert body["event_type"] == "order.created"
    assert body["version"] == 1
    assert body["occurred_at"].endswith("Z")
    assert body["total"] == Decimal("999.90")
    assert body["items"] == [{"product_id": str(UUID(int=3)), "quantity": 2}]


def test_an_unknown_field_is_ignored() -> None:
    body = json.loads(encode(_envelope())) | {"colour": "red"}
    assert decode(json.dumps(body).encode()).event == ORDER


@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "order.vanished"},
        {"version": 2},
        {"event_id": "x"},
        {"order_id": None},
        {"items": [{"product_id": "x"}]},
        {"occurred_at": "yesterday"},
    ],
)
def test_a_body_that_violates_the_contract_is_refused(change: dict[str, object]) -> None:
    body = json.loads(encode(_envelope())) | change
    with pytest.raises(ValueError, match=r"."):
        decode(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}"])
def test_garbage_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


def test_every_consumer_has_its_function_in_the_template_and_no_other_does() -> None:
    found = {(f.service, f.name, queue) for f in declared() for queue in f.queues}
    assert found == {
        (service, f"on_{event_type.replace('.', '_')}", f"{service}.{event_type}")
        for service, event_type in CONSUMERS
    }
    assert {event_type for _, event_type in CONSUMERS} <= set(EVENTS)
