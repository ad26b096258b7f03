"""GET /api/metrics/business: exact figures of a period."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop.adapters.postgres import business
from shop.adapters.postgres.database import Transaction
from shop.domain.ids import new_id
from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.wire import counting

_NOW = datetime.now(UTC)
_BEGIN = (_NOW - timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
_END = _BEGIN + timedelta(days=1)
_INSIDE = _BEGIN + timedelta(hours=5)
_PATH = "/api/metrics/business"


def _cart(transaction: Transaction, event: str, at: datetime, cart_id: UUID | None = None) -> UUID:
    cart_id = cart_id or new_id()
    transaction.execute(
        "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)"
        " VALUES (%s, %s, %s, %s, '{}', %s)",
        (new_id(), str(cart_id), event, str(cart_id), at),
    )
    return cart_id


def _order(
    transaction: Transaction,
    at: datetime,
    lines: Sequence[tuple[UUID, int, int]],
    *,
    paid: bool = True,
    cart_id: UUID | None = None,
) -> UUID:
    """Place an order, of lines of product, price and quantity, and pay it at once."""
    order_id = new_id()
    total = sum(price * quantity for _, price, quantity in lines)
    transaction.execute(
        "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor, shipping_minor, total_minor,"
        " shipping_address, shipping_method, correlation_id, created_at, cart_id)"
        " VALUES (%s, %s, 'USD', %s, 0, 0, %s, '{}', 'standard', %s, %s, %s)",
        (order_id, new_id(), total, total, new_id(), at, cart_id),
    )
    for product_id, price, quantity in lines:
        transaction.execute(
            "INSERT INTO order_items (order_id, product_id, name, unit_price_minor, quantity,"
            " subtotal_minor) VALUES (%s, %s, 'Thing', %s, %s, %s)",
            (order_id, product_id, price, quantity, price * quantity),
        )
    for status in ("PAYMENT_PROCESSING", "PAID") if paid else ():
        transaction.execute("UPDATE orders SET status = %s WHERE id = %s", (status, order_id))
        transaction.execute(
            "INSERT INTO order_timeline (order_id, status, occurred_at) VALUES (%s, %s, %s)",
            (order_id, status, at),
        )
    return order_id


def _ask(shop: Gateway, container: Container, **query: str) -> Any:
    return shop.get(_PATH, query=query, token=token_of(container, Role.FINANCE))


def _fill(container: Container) -> tuple[UUID, UUID]:
    first = add_product(container.database, name="First")
    second = add_product(container.database, name="Second")
    with container.database.transaction() as transaction:
        bought, left, open_cart = (_cart(transaction, "cart.created", _INSIDE) for _ in range(3))
        _cart(transaction, "cart.created", _BEGIN - timedelta(seconds=1))
        _cart(transaction, "cart.created", _END)
        _cart(transaction, "cart.abandoned", _INSIDE, left)
        _cart(transaction, "cart.abandoned", _INSIDE + timedelta(hours=1), left)
        _cart(transaction, "cart.abandoned", _END, open_cart)
        _order(transaction, _INSIDE, [(first, 1000, 2), (second, 550, 1)], cart_id=bought)
        _order(transaction, _BEGIN, [(second, 550, 1)])
        _order(transaction, _END, [(first, 9999, 1)])
        _order(transaction, _INSIDE, [(first, 1000, 5)], paid=False, cart_id=open_cart)
        refunded = _order(transaction, _BEGIN - timedelta(days=1), [(first, 700, 1)])
        transaction.execute(
            "INSERT INTO payments (id, order_id, status, amount_minor, currency, payment_method_id,"
            " payment_intent_id) VALUES (gen_random_uuid(), %s, 'succeeded', 700, 'USD', 'pm', 'pi_1')",
            (refunded,),
        )
        transaction.execute(
            "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status, updated_at)"
            " VALUES ('pi_1', %s, 700, 'cancelled', 'succeeded', %s)",
            (refunded, _INSIDE),
        )
        transaction.execute(
            "INSERT INTO inventory_days (day, units_on_hand) VALUES (%s, 16), (%s, 1000)",
            (_BEGIN.date(), _END.date()),
        )
    return first, second


def test_the_figures_of_a_day(shop: Gateway, container: Container) -> None:
    first, second = _fill(container)
    with counting(container.database) as sent:
        answer = _ask(shop, container, **{"from": _BEGIN.isoformat(), "to": _END.isoformat()})

    assert answer.status == 200
    assert (len(sent.statements), sent.control) == (2, [])
    body = answer.json
    assert datetime.fromisoformat(body.pop("from")) == _BEGIN
    assert datetime.fromisoformat(body.pop("to")) == _END
    assert body == {
        "currency": "USD",
        # One of three carts was paid; one was abandoned beside two orders.
        "order_conversion_rate": 0.3333,
        "cart_abandonment_rate": 0.3333,
        "average_order_value": 15.5,
        "inventory_turnover": 0.25,
        "carts_created": 3,
        "carts_abandoned": 1,
        "orders_paid": 2,
        "units_sold": 4,
        "revenue": 31.0,
        "refunded": 7.0,
        "orders": {"PAID": 2, "PENDING": 1},
        "top_products": [
            {"product_id": str(first), "name": "Thing", "units": 2, "revenue": 20.0},
            {"product_id": str(second), "name": "Thing", "units": 2, "revenue": 11.0},
        ],
    }
    assert '"average_order_value":15.50,' in answer.text
    assert '"revenue":31.00,"refunded":7.00' in answer.text


def test_rates_of_nothing_are_null(shop: Gateway, container: Container) -> None:
    body = _ask(shop, container).json
    assert [body[name] for name in ("revenue", "orders", "top_products")] == [0, {}, []]
    for rate in (
        "order_conversion_rate", "cart_abandonment_rate", "average_order_value", "inventory_turnover",
    ):  # fmt: skip
        assert body[rate] is None
    begin, end = (datetime.fromisoformat(body[name]) for name in ("from", "to"))
    assert end - begin == timedelta(days=1)


def test_a_cart_bought_before_its_event_counts(shop: Gateway, container: Container) -> None:
    """Carts are tracked every five minutes, by which time a quick buyer has paid."""
    product_id = add_product(container.database)
    with container.database.transaction() as transaction:
        cart_id = _cart(transaction, "cart.created", _BEGIN)
        _order(transaction, _BEGIN - timedelta(minutes=4), [(product_id, 100, 1)], cart_id=cart_id)
    body = _ask(shop, container, **{"from": _BEGIN.isoformat(), "to": _END.isoformat()}).json
    assert (body["order_conversion_rate"], body["orders_paid"]) == (1, 0)


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        (timedelta(days=-1), timedelta(days=-2), "to"),
        (timedelta(days=-1), timedelta(days=-1), "to"),
        (timedelta(hours=1), None, "from"),
        (timedelta(hours=-1), timedelta(hours=1), "to"),
        (timedelta(days=-91), None, "from"),
    ],
)
def test_a_period_that_cannot_be_answered(
    shop: Gateway, container: Container, begin: timedelta, end: timedelta | None, field: str
) -> None:
    now = datetime.now(UTC)
    query = {"from": (now + begin).isoformat()}
    if end is not None:
        query["to"] = (now + end).isoformat()
    answer = _ask(shop, container, **query)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-11-01T00:00:00"}, "to"),
        ({"since": "2026-11-01T00:00:00Z"}, "since"),
    ],
)
def test_a_malformed_period(
    shop: Gateway, container: Container, query: dict[str, str], field: str
) -> None:
    answer = _ask(shop, container, **query)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.FINANCE, 200), (Role.STAFF, 200), (Role.CUSTOMER, 403), (Role.GUEST, 403)],
)
def test_finance_and_staff_may_look(
    shop: Gateway, container: Container, role: Role, status: int
) -> None:
    assert shop.get(_PATH, token=token_of(container, role)).status == status
    assert shop.get(_PATH).status == 401


def test_the_sample_event(shop: Gateway, container: Container) -> None:
    event = json.loads((CHECKOUT / "events/platform/get_business_metrics.json").read_text())
    token = token_of(container, Role.STAFF)
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    assert shop.invoke("platform/get_business_metrics", event)["statusCode"] == 200


def test_a_period_is_read_by_indexes(container: Container) -> None:
    """Of 100,000 orders over 90 days."""
    period = {"begin": _NOW - timedelta(days=1), "end": _NOW, "limit": 10}
    with container.database.transaction() as transaction:
        transaction.execute(
            "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor, shipping_minor,"
            " total_minor, shipping_address, shipping_method, correlation_id, created_at)"
            " SELECT gen_random_uuid(), gen_random_uuid(), 'USD', 1, 0, 0, 1, '{}', 'x',"
            " gen_random_uuid(), now() - (100000 - n) * interval '77 seconds'"
            " FROM generate_series(1, 100000) AS n"
        )
        transaction.execute(
            "INSERT INTO order_timeline (order_id, status, occurred_at)"
            " SELECT id, 'PAID', created_at FROM orders ORDER BY created_at"
        )
        transaction.execute(
            "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)"
            " SELECT id, id, CASE WHEN n %% 8 = 0 THEN 'cart.created' ELSE 'order.paid' END, '', '{}',"
            " created_at FROM (SELECT *, row_number() OVER () AS n FROM orders) AS o"
        )
        transaction.execute(
            "INSERT INTO order_items (order_id, product_id, name, unit_price_minor, quantity, subtotal_minor)"
            " SELECT id, %s, 'Thing', 1, 1, 1 FROM orders",
            (add_product(transaction),),
        )
        transaction.execute("SELECT brin_summarize_new_values('idx_order_timeline_occurred')")
        for table in ("orders", "order_items", "order_timeline", "outbox"):
            transaction.execute(f"ANALYZE {table}")
        plans = [
            "\n".join(row[0] for row in transaction.rows(f"EXPLAIN {statement}", period))
            for statement in (business._BUSINESS, business._TOP_PRODUCTS, business._REVENUE_BY_HOUR)
        ]
    for index in ("idx_outbox_carts", "idx_orders_newest"):
        assert index in plans[0], plans[0]
    for plan in plans:
        assert "idx_order_timeline_occurred" in plan, plan
        assert "Seq Scan on order_timeline" not in plan, plan


def test_stock_is_recorded_once_a_day_and_its_last_record_counts(container: Container) -> None:
    figures = container.business_figures
    add_product(container.database, on_hand=5)
    figures.record_stock(_INSIDE)
    add_product(container.database, on_hand=7)
    figures.record_stock(_INSIDE + timedelta(hours=1))
    figures.record_stock(_END)
    with container.database.transaction() as transaction:
        rows = transaction.rows("SELECT day, units_on_hand FROM inventory_days ORDER BY day")
    assert [tuple(row) for row in rows] == [(_BEGIN.date(), 12), (_END.date(), 12)]


def test_an_average_is_rounded_to_the_cent(shop: Gateway, container: Container) -> None:
    product_id = add_product(container.database)
    with container.database.transaction() as transaction:
        for price in (100, 100, 101):
            _order(transaction, _INSIDE, [(product_id, price, 1)])
    answer = _ask(shop, container, **{"from": _BEGIN.isoformat(), "to": _END.isoformat()})
    assert Decimal(str(answer.json["average_order_value"])) == Decimal("1.00")
