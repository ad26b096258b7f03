"""GET and PUT /api/stock/{product_id}."""

from uuid import UUID

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from shop.domain.sessions import Role
from tests.support.builders import add_products
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.stock import query
from tests.support.wire import counting


@pytest.fixture
def product(database: str) -> UUID:
    return add_products(database, 7)[0]


def test_the_stock_is_public(shop: Gateway, product: UUID) -> None:
    answer = shop.get(f"/api/stock/{product}")
    assert answer.status == 200
    assert answer.json == {
        "product_id": str(product),
        "on_hand": 7,
        "reserved": 0,
        "available": 7,
    }


@pytest.mark.parametrize("product_id", [str(UUID(int=7)), "nonsense", "%00"])
def test_unknown_products_are_not_found(shop: Gateway, staff: str, product_id: str) -> None:
    assert shop.get(f"/api/stock/{product_id}").code == "product_not_found"
    answer = shop.put(f"/api/stock/{product_id}", json={"on_hand": 1}, token=staff)
    assert answer.code == "product_not_found"


def test_staff_sets_and_adjusts_the_stock(
    shop: Gateway, database: str, product: UUID, staff: str
) -> None:
    set_to = shop.put(f"/api/stock/{product}", json={"on_hand": 10}, token=staff)
    assert (set_to.status, set_to.json["available"]) == (200, 10)
    adjusted = shop.put(
        f"/api/stock/{product}", json={"adjust_by": -4, "reason": "damaged"}, token=staff
    )
    assert (adjusted.status, adjusted.json["on_hand"]) == (200, 6)
    assert query(database, "SELECT delta, reason FROM stock_adjustments ORDER BY id") == [
        (3, "set by staff"),
        (-4, "damaged"),
    ]
    events = query(
        database, "SELECT event_type, body->>'quantity_available' FROM outbox ORDER BY sequence"
    )
    assert events == [("inventory.updated", "10"), ("inventory.updated", "6")]


def test_an_adjustment_with_a_key_is_made_once(shop: Gateway, product: UUID, staff: str) -> None:
    for _ in range(2):
        answer = shop.put(
            f"/api/stock/{product}",
            json={"adjust_by": 1, "reason": "found"},
            token=staff,
            key="k",
        )
        assert (answer.status, answer.json["on_hand"]) == (200, 8)
    assert answer.headers["idempotency-replayed"] == "true"


def test_stock_cannot_go_below_what_is_reserved(shop: Gateway, product: UUID, staff: str) -> None:
    hold = {"order_id": str(new_id()), "items": [{"product_id": str(product), "quantity": 5}]}
    assert shop.post("/api/inventory/reserve", json=hold, token=staff).status == 200
    for body in ({"on_hand": 4}, {"adjust_by": -3, "reason": "lost"}):
        answer = shop.put(f"/api/stock/{product}", json=body, token=staff)
        assert (answer.status, answer.code) == (409, "stock_conflict")
    assert shop.get(f"/api/stock/{product}").json["reserved"] == 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"on_hand": 1, "adjust_by": 1, "reason": "both"},
        {"adjust_by": 1},
        {"on_hand": -1},
        {"on_hand": 1.5},
        {"on_hand": "1"},
        {"on_hand": True},
        {"on_hand": 1_000_000_001},
        {"on_hand": 10**30},
        {"adjust_by": 1, "reason": ""},
        {"adjust_by": 1, "reason": "x" * 201},
        {"on_hand": 1, "extra": 1},
        [],
        None,
    ],
)
def test_wrong_bodies_change_nothing(
    shop: Gateway, database: str, product: UUID, staff: str, body: object
) -> None:
    answer = shop.put(f"/api/stock/{product}", json=body, token=staff)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert shop.get(f"/api/stock/{product}").json["on_hand"] == 7
    assert query(database, "SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize("role", [Role.GUEST, Role.CUSTOMER, Role.FINANCE])
def test_only_staff_may_change_the_stock(
    shop: Gateway, container: Container, product: UUID, role: Role
) -> None:
    answer = shop.put(f"/api/stock/{product}", json={"on_hand": 0}, token=token_of(container, role))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert shop.put(f"/api/stock/{product}", json={"on_hand": 0}).status == 401


def test_reading_takes_one_statement(shop: Gateway, container: Container, product: UUID) -> None:
    with counting(container.database) as sent:
        shop.get(f"/api/stock/{product}")
    assert (len(sent.statements), sent.control) == (1, [])


def test_an_adjustment_whose_response_was_lost_is_made_once(
    shop: Gateway,
    container: Container,
    database: str,
    product: UUID,
    staff: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A15: the key's next attempt finds the adjustment of one that crashed before its response was stored."""

    def adjust() -> Response:
        body = {"adjust_by": -3, "reason": "damaged"}
        return shop.put(f"/api/stock/{product}", json=body, token=staff, key="k")

    def lose(*_: object) -> None:
        raise DependencyUnavailable("postgresql")

    with monkeypatch.context() as crashing:
        crashing.setattr(container.idempotency, "complete", lose)
        assert adjust().status == 503
    query(database, "UPDATE idempotency_keys SET locked_until = now()")
    answer = adjust()
    assert (answer.status, answer.json["on_hand"]) == (200, 4)
    assert query(database, "SELECT delta FROM stock_adjustments") == [(-3,)]
    assert query(database, "SELECT count(*) FROM outbox") == [(1,)]
