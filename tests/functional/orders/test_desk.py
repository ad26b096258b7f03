"""The order desk: /api/admin/orders, notes, and /api/admin/audit."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from shop.domain.orders import order_number
from shop.domain.sessions import Role
from tests.support.builders import place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.orders import OrderingShop
from tests.support.people import token_of

_ORDERS = "/api/admin/orders"


def _ids(shop: Gateway, staff: str, **query: object) -> list[UUID]:
    answer = shop.get(_ORDERS, query=query, token=staff)
    assert answer.status == 200, answer.text
    return [UUID(order["order_id"]) for order in answer.json["orders"]]


def _run(container: Container, statement: str, *values: object) -> None:
    with container.database.transaction() as transaction:
        transaction.send(statement, values)


def test_the_filters(shop: OrderingShop, container: Container, staff: str) -> None:
    first, second = place_order(container), place_order(container)
    _run(container, "UPDATE orders SET email = 'Ann@shop.example' WHERE id = %s", first.order_id)
    _run(
        container,
        "UPDATE products SET sku = 'LAN-1'"
        " WHERE id = (SELECT product_id FROM order_items WHERE order_id = %s)",
        second.order_id,
    )
    _run(
        container,
        "UPDATE orders SET created_at = '2026-01-15T12:00Z' WHERE id = %s",
        first.order_id,
    )

    assert _ids(shop, staff) == [second.order_id, first.order_id]
    assert _ids(shop, staff, email="ann@SHOP.example") == [first.order_id]
    typed = order_number(first.order_id).lower().replace("-", " ")
    assert _ids(shop, staff, number=typed) == [first.order_id]
    assert _ids(shop, staff, number="0000-0000-0000") == []
    assert _ids(shop, staff, sku="lan-1") == [second.order_id]
    assert _ids(shop, staff, status="PENDING", sku="LAN-1") == [second.order_id]
    assert _ids(shop, staff, status="PAID") == []
    assert _ids(shop, staff, created_to="2026-01-15T12:00:00Z") == []
    assert _ids(shop, staff, created_from="2026-01-15T12:00:00Z", created_to="2026-01-16") == [
        first.order_id
    ]
    answer = shop.get(_ORDERS, query={"created_from": "2026-02-31"}, token=staff)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "created_from")
    answer = shop.get(_ORDERS, query={"needs": "love"}, token=staff)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "needs")


def test_a_walk_under_writes_meets_each_order_once(
    shop: OrderingShop, container: Container, staff: str
) -> None:
    """A29: pages by number repeat orders while others are placed (medusa #5800)."""
    stays = [place_order(container).order_id for _ in range(7)]
    walked: list[UUID] = []
    cursor = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = shop.get(_ORDERS, query=query, token=staff).json
        walked += [UUID(order["order_id"]) for order in page["orders"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        place_order(container)
    assert walked == list(reversed(stays))
    for wrong in ("x", "W10"):
        answer = shop.get(_ORDERS, query={"cursor": wrong}, token=staff)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


def test_each_need_lists_its_orders(shop: OrderingShop, container: Container, staff: str) -> None:
    """`attention` lists exactly the orders that need a decision by staff."""
    calm, parcel, refund, refused, doubt, mail, foreign, disputed = (
        place_order(container).order_id for _ in range(8)
    )
    shop.move(parcel, "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING")
    for order_id, status in (
        (refund, "pending"),
        (refused, "failed"),
        (doubt, None),
        (disputed, ""),
    ):
        _run(
            container,
            "INSERT INTO payments (id, order_id, amount_minor, currency, payment_method_id,"
            " payment_intent_id, status, updated_at) VALUES (%s, %s, 2499, 'USD', 'pm_1', %s, %s,"
            " now() - interval '2 hours')",
            uuid4(), order_id, f"pi_{order_id}", "processing" if status is None else "succeeded",
        )  # fmt: skip
        if status:
            _run(
                container,
                "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status, problem)"
                " VALUES (%s, %s, 2499, 'test', %s, %s)",
                f"pi_{order_id}", order_id, status, "expired card" if status == "failed" else None,
            )  # fmt: skip
    _run(
        container,
        "INSERT INTO notifications (order_id, kind, recipient, outcome)"
        " VALUES (%s, 'order_confirmed', 'a@shop.example', 'refused')",
        mail,
    )

    _run(
        container,
        "INSERT INTO unexpected_payments (payment_intent_id, order_id, amount_minor, currency)"
        " VALUES ('pi_foreign', %s, 2499, 'USD')",
        foreign,
    )
    _run(
        container,
        "INSERT INTO disputes (id, payment_intent_id, order_id, amount_minor, currency, reason, status)"
        " VALUES ('dp_1', %s, %s, 2499, 'USD', 'fraudulent', 'needs_response')",
        f"pi_{disputed}",
        disputed,
    )

    assert _ids(shop, staff, needs="ship") == [parcel]
    assert _ids(shop, staff, needs="refund") == [refused, refund]
    assert _ids(shop, staff, needs="attention") == [disputed, foreign, mail, doubt, refused]
    orders = shop.get(_ORDERS, token=staff).json["orders"]
    assert {UUID(order["order_id"]): order["attention"] for order in orders} == {
        calm: [],
        parcel: [],
        refund: [],
        refused: ["refund_refused"],
        doubt: ["payment_in_doubt"],
        mail: ["mail_undeliverable"],
        foreign: ["payment_unexpected"],
        disputed: ["charge_disputed"],
    }


def test_what_is_settled_leaves_the_desk(
    shop: OrderingShop, container: Container, staff: str
) -> None:
    """A failed refund is settled by later ones of its amount, a dispute by any of its final statuses."""
    order_id = place_order(container).order_id
    shop.move(order_id, "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING")
    _run(
        container,
        "INSERT INTO payments (id, order_id, amount_minor, currency, payment_method_id,"
        " payment_intent_id, status) VALUES (%s, %s, 2499, 'USD', 'pm_1', 'pi_1', 'succeeded')",
        uuid4(), order_id,
    )  # fmt: skip
    attention = []
    for minute, (amount, status) in enumerate(
        [(1000, "failed"), (999, "succeeded"), (1, "pending")]
    ):
        _run(
            container,
            "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status, problem,"
            " created_at) VALUES ('pi_1', %s, %s, 'test', %s, %s, now() + %s * interval '1 minute')",
            order_id, amount, status, "expired card" if status == "failed" else None, minute,
        )  # fmt: skip
        attention.append(_ids(shop, staff, needs="attention"))
    assert attention == [[order_id], [order_id], []]
    assert _ids(shop, staff, needs="ship") == []
    _run(container, "UPDATE refunds SET status = 'succeeded' WHERE status = 'pending'")
    assert _ids(shop, staff, needs="ship") == [order_id]
    for status in ("needs_response", "prevented", "under_review", "won", "warning_closed", "lost"):
        _run(
            container,
            "INSERT INTO disputes (id, payment_intent_id, order_id, amount_minor, currency, reason, status)"
            " VALUES ('dp_1', 'pi_1', %s, 2499, 'USD', 'fraudulent', %s)"
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status",
            order_id, status,
        )  # fmt: skip
        is_open = status in ("needs_response", "under_review")
        assert _ids(shop, staff, needs="attention") == ([order_id] if is_open else []), status


def test_everything_that_belongs_to_an_order(
    shop: OrderingShop, container: Container, staff: str
) -> None:
    placed = place_order(container)
    shop.move(placed.order_id, "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING")
    parcel = {"carrier": "UPS", "tracking_number": "1Z"}
    shop.post(f"/api/orders/{placed.order_id}/ship", json=parcel, token=staff)
    shop.post(f"/api/orders/{placed.order_id}/ship", json=parcel, token=staff)
    note = shop.post(f"{_ORDERS}/{placed.order_id}/notes", json={"text": "Rang."}, token=staff)
    shop.post(f"/api/orders/{placed.order_id}/deliver", json={}, token=staff)
    file = shop.get(f"{_ORDERS}/{placed.order_id}", token=staff)

    assert file.status == 200, file.text
    assert file.json["order"]["status"] == "DELIVERED"
    assert UUID(file.json["user_id"]) == placed.user_id
    assert [hold["quantity"] for hold in file.json["holds"]] == [2]
    assert "order.shipped" in [event["event_type"] for event in file.json["events"]]
    assert file.json["notes"] == [note.json]
    assert [(row["action"], row["before"], row["after"]) for row in file.json["audit"]] == [
        ("order.shipped", {"status": "PROCESSING"}, {"status": "SHIPPED", **parcel}),
        ("order.noted", None, {"note_id": note.json["note_id"], "text": "Rang."}),
        ("order.delivered", {"status": "SHIPPED"}, {"status": "DELIVERED"}),
    ]
    assert shop.get(f"{_ORDERS}/{uuid4()}", token=staff).code == "order_not_found"


def test_a_note_is_added_once(shop: OrderingShop, container: Container, staff: str) -> None:
    path = f"{_ORDERS}/{place_order(container).order_id}/notes"
    answers = [shop.post(path, json={"text": "Once."}, token=staff, key="n-1") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(shop.get(path.removesuffix("/notes"), token=staff).json["notes"]) == 1
    assert shop.post(path, json={"text": ""}, token=staff).status == 400
    missing = shop.post(f"{_ORDERS}/{uuid4()}/notes", json={"text": "x"}, token=staff)
    assert (missing.status, missing.code) == (404, "order_not_found")


def test_an_audit_row_is_in_the_transaction_of_its_change(
    shop: OrderingShop, container: Container, staff: str
) -> None:
    order_id = place_order(container).order_id
    shop.move(order_id, "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING")
    _run(container, "ALTER TABLE audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID")
    parcel = {"carrier": "UPS", "tracking_number": "1Z"}
    try:
        answer = shop.post(f"/api/orders/{order_id}/ship", json=parcel, token=staff)
    finally:
        _run(container, "ALTER TABLE audit_log DROP CONSTRAINT broken")
    assert answer.status == 500
    file = shop.get(f"{_ORDERS}/{order_id}", token=staff).json
    assert (file["order"]["status"], file["audit"]) == ("PROCESSING", [])


def test_the_audit_log(shop: OrderingShop, container: Container, staff: str) -> None:
    other = token_of(container, Role.STAFF)
    path = f"{_ORDERS}/{place_order(container).order_id}/notes"
    for number in range(5):
        shop.post(path, json={"text": f"Note {number}"}, token=staff)
    shop.post(path, json={"text": "Note of another"}, token=other)

    texts: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, "subject": "order"} | ({"cursor": cursor} if cursor else {})
        page = shop.get("/api/admin/audit", query=query, token=staff).json
        texts += [row["after"]["text"] for row in page["rows"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        shop.post(path, json={"text": "Meanwhile"}, token=staff)
    assert texts == ["Note of another", *(f"Note {number}" for number in (4, 3, 2, 1, 0))]

    rows: list[dict[str, Any]] = shop.get("/api/admin/audit", token=staff).json["rows"]
    assert {row["actor_role"] for row in rows} == {"staff"}
    [mine] = [row for row in rows if row["after"]["text"] == "Note of another"]
    of_one = shop.get("/api/admin/audit", query={"actor_id": mine["actor_id"]}, token=staff).json
    assert of_one["rows"] == [mine]
    age = datetime.now().astimezone() - datetime.fromisoformat(mine["occurred_at"])
    assert age < timedelta(minutes=5)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"]
)
def test_the_audit_log_is_never_changed(
    shop: OrderingShop, container: Container, staff: str, statement: str
) -> None:
    path = f"{_ORDERS}/{place_order(container).order_id}/notes"
    shop.post(path, json={"text": "Stays."}, token=staff)
    with pytest.raises(psycopg.IntegrityError, match="never changed"):
        _run(container, statement)
