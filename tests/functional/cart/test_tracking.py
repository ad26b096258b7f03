"""cart.created and cart.abandoned."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shop.domain.cart import ABANDONED_AFTER
from shop.domain.ids import new_id
from shop.services.cart import tracking as cart
from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway

_SCHEDULE = {"version": "0", "id": "x", "detail-type": "Scheduled Event", "detail": {}}


def _events(container: Container) -> list[tuple[str, str]]:
    with container.database.transaction() as transaction:
        rows = transaction.rows("SELECT event_type, body FROM outbox ORDER BY sequence")
    return [(event_type, body["cart_id"]) for event_type, body in rows]


def _begin(container: Container) -> tuple[UUID, str]:
    user_id = new_id()
    begun = container.carts.add(
        user_id, add_product(container.database), 1, available=5, price_minor=1
    )
    assert begun is not None
    return user_id, str(begun.cart_id)


def _later(container: Container) -> dict[str, int]:
    later = datetime.now(UTC) + ABANDONED_AFTER + timedelta(seconds=1)
    return cart.track_carts(container.carts, container.unit_of_work, later)


def test_a_cart_is_created_once(shop: Gateway, container: Container) -> None:
    user_id, cart_id = _begin(container)
    first = shop.invoke("cart/track_carts", _SCHEDULE)
    container.carts.add(user_id, add_product(container.database), 1, available=5, price_minor=1)
    second = shop.invoke("cart/track_carts", _SCHEDULE)

    assert (first, second) == ({"created": 1, "abandoned": 0}, {"created": 0, "abandoned": 0})
    assert _events(container) == [("cart.created", cart_id)]


def test_an_interrupted_run_repeats_nothing(container: Container) -> None:
    """medusa #6016: events lost or invented between commit and broker (anchor A8)."""
    user_id, cart_id = _begin(container)
    now = datetime.now(UTC)
    cart.track_carts(container.carts, container.unit_of_work, now)
    container.redis.sadd("carts:new", f"{user_id}/{cart_id}")
    cart.track_carts(container.carts, container.unit_of_work, now)

    assert _events(container) == [("cart.created", cart_id)]


def test_an_idle_cart_is_abandoned_once(container: Container) -> None:
    _, cart_id = _begin(container)

    assert _later(container) == {"created": 1, "abandoned": 1}
    assert _later(container) == {"created": 0, "abandoned": 0}
    assert _events(container) == [("cart.created", cart_id), ("cart.abandoned", cart_id)]


def test_a_cart_can_be_abandoned_again(container: Container) -> None:
    user_id, _ = _begin(container)
    _later(container)
    container.carts.add(user_id, add_product(container.database), 1, available=5, price_minor=1)
    _later(container)

    assert [kind for kind, _ in _events(container)].count("cart.abandoned") == 2


def test_bought_and_emptied_carts_are_not_abandoned(container: Container) -> None:
    buyer, bought = _begin(container)
    other, _ = _begin(container)
    cart = container.carts.read(buyer)
    assert cart is not None
    lines = {item.product_id: item.quantity for item in cart.items}
    assert not container.carts.remove_bought(buyer, new_id(), lines, order_id=new_id())
    assert container.carts.remove_bought(buyer, UUID(bought), lines, order_id=new_id())
    container.carts.empty(other)

    assert container.carts.read(buyer) is None
    assert _later(container) == {"created": 2, "abandoned": 0}
