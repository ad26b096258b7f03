"""A guest logs in while the guest's checkout runs: each unit is in one order or one cart."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

import pytest

from shop.contracts.tasks import PlacedOrder, PlaceOrder
from shop.domain.sessions import Role
from shop.services.orders.returning import return_cart
from tests.support.accounts import ADA, LOGIN, ada_logs_in
from tests.support.at_once import at_once
from tests.support.carts import add_to_cart, cart_of
from tests.support.gateway import Response
from tests.support.orders import OrderingShop
from tests.support.payments import paying_container
from tests.support.stock import levels, query

#: Where the checkout is when something else happens.
_READ, _CREATED, _HELD, _PLACED = "read", "created", "held", "placed"
_AFTER: dict[str, str] = {_CREATED: "orders/create_order", _HELD: "inventory/hold_order_stock"}


def _owned(shop: OrderingShop) -> dict[str, int]:
    """Return the units of all carts and of all orders that live or were paid, by product."""
    units = Counter[str]()
    redis = shop.container.redis
    for key in redis.keys("cart:????????-*"):
        content = cast("dict[str, str]", redis.hgetall(key))
        for name, value in content.items():
            if not name.startswith(("_", "seen:")):
                units[name] += int(value)
    sold = query(
        shop.database_url,
        "SELECT product_id::text, sum(quantity)::integer FROM order_items JOIN orders ON id = order_id"
        " WHERE status NOT IN ('CANCELLED', 'PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE') GROUP BY 1",
    )
    for product_id, quantity in sold:
        units[product_id] += quantity
    return dict(units)


def _interrupted(
    shop: OrderingShop,
    where: str,
    check_out: Callable[[], Response],
    meanwhile: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> Response:
    """Check out; something else happens once, when the checkout is there."""
    machine, invoke, carts = shop.container.checkout_machine, shop.invoke, shop.container.carts
    waiting = [meanwhile]

    def now() -> None:
        while waiting:
            waiting.pop()()

    class Late:
        def run(self, command: PlaceOrder) -> PlacedOrder:
            shop.container.checkout_machine = machine
            now()
            return machine.run(command)

    def invoking(function: str, event: Any) -> Any:
        result = invoke(function, event)
        if function == _AFTER.get(where):
            now()
        return result

    def removing(*arguments: Any, **options: Any) -> bool:
        now()
        return type(carts).remove_bought(carts, *arguments, **options)

    with monkeypatch.context() as patched:
        if where == _READ:
            shop.container.checkout_machine = Late()
        elif where == _PLACED:
            patched.setattr(carts, "remove_bought", removing)
        else:
            patched.setattr(shop, "invoke", invoking)
        answer = check_out()
    assert not waiting
    return answer


@pytest.mark.parametrize("has_cart", [False, True], ids=["no cart", "a cart"])
@pytest.mark.parametrize("where", [_CREATED, _HELD, _PLACED])
def test_sold_lines_are_not_left_in_the_accounts_cart(
    shop: OrderingShop,
    guest: str,
    where: str,
    has_cart: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A27: the guest's cart was merged into the account's while the checkout completed."""
    phone, case = shop.product(), shop.product()
    own = {str(case): 1, str(phone): 2} if has_cart else {}
    for product_id, quantity in own.items():
        add_to_cart(shop, ada_logs_in(shop, shop.shopper(Role.GUEST)), product_id, quantity)
    cart = shop.fill_cart(guest, phone, quantity=3)

    def log_in() -> None:
        # While it is placed, the guest puts another one in.
        add_to_cart(shop, guest, case, 1)
        ada_logs_in(shop, guest)

    answer = _interrupted(shop, where, partial(shop.check_out, guest, cart), log_in, monkeypatch)
    assert answer.status == 201, answer.text
    ada = ada_logs_in(shop, guest)
    assert cart_of(shop, ada) == own | {str(case): 2 if has_cart else 1}
    assert cart_of(shop, guest) == {}
    [order] = shop.get("/api/orders", token=ada).json["orders"]
    assert order["order_id"] == answer.json["order_id"]

    # When it ends unpaid its lines come back to the account, once.
    cancel = f"/api/orders/{order['order_id']}/cancel"
    assert shop.post(cancel, json={}, token=ada).status == 200
    shop.cancelled(order["order_id"])
    assert cart_of(shop, ada)[str(phone)] == own.get(str(phone), 0) + 3
    assert levels(shop.database_url, phone) == (10, 0)


@pytest.mark.parametrize("has_cart", [False, True], ids=["no cart", "a cart"])
def test_a_checkout_that_read_the_cart_before_the_login_writes_no_order_after(
    shop: OrderingShop, guest: str, has_cart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A27: the lines are the account's by then, which orders them at the same time."""
    phone, case = shop.product(), shop.product()
    if has_cart:
        add_to_cart(shop, ada_logs_in(shop, shop.shopper(Role.GUEST)), case)
    cart = shop.fill_cart(guest, phone)
    ordered: list[Response] = []

    def log_in_and_order() -> None:
        ada = ada_logs_in(shop, guest)
        ordered.append(shop.check_out(ada, shop.get("/api/cart", token=ada).json["cart_id"]))

    late = _interrupted(
        shop, _READ, partial(shop.check_out, guest, cart), log_in_and_order, monkeypatch
    )
    assert (late.status, late.code) == (404, "cart_not_found")
    assert [answer.status for answer in ordered] == [201]
    assert _owned(shop) == {str(phone): 1} | ({str(case): 1} if has_cart else {})
    assert levels(shop.database_url, phone) == (10, 1)
    # What the guest buys later is in another cart.
    assert shop.order(guest, case)


def test_lines_of_a_refused_checkout_reach_the_account(
    shop: OrderingShop, guest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = shop.product(on_hand=2)
    cart = shop.fill_cart(guest, phone, quantity=2)

    def log_in() -> None:
        ada_logs_in(shop, guest)
        # Someone else is quicker.
        query(shop.database_url, "UPDATE inventory SET quantity_on_hand = 1")

    answer = _interrupted(shop, _CREATED, partial(shop.check_out, guest, cart), log_in, monkeypatch)
    assert (answer.status, answer.code) == (400, "insufficient_stock")
    [(order_id,)] = query(shop.database_url, "SELECT id FROM orders WHERE status = 'CANCELLED'")
    shop.cancelled(order_id)
    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(phone): 2}
    assert cart_of(shop, guest) == {}


@pytest.mark.parametrize(
    "steps",
    [
        ("log in", "cancel", "return"),
        ("cancel", "log in", "return"),
        ("cancel", "return", "log in"),
        ("cancel", "log in", "go on", "return"),
        ("log in", "cancel", "go on", "return"),
    ],
    ids=", ".join,
)
def test_lines_of_an_order_that_ends_before_its_cart_is_emptied_are_there_once(
    shop: OrderingShop, guest: str, steps: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = shop.product()
    cart = shop.fill_cart(guest, phone, quantity=2)
    first = steps[: steps.index("go on")] if "go on" in steps else steps
    _interrupted(
        shop,
        _PLACED,
        partial(shop.check_out, guest, cart),
        lambda: _steps(shop, guest, first),
        monkeypatch,
    )
    _steps(shop, guest, (*steps[len(first) + 1 :], "return"))
    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(phone): 2}
    assert _owned(shop) == {str(phone): 2}


def _steps(shop: OrderingShop, guest: str, steps: tuple[str, ...]) -> None:
    for step in steps:
        _step(shop, guest, step)


def _step(shop: OrderingShop, guest: str, step: str) -> None:
    if step == "log in":
        ada_logs_in(shop, guest)
        return
    [(order_id,)] = query(shop.database_url, "SELECT id FROM orders")
    if step == "cancel":
        shop.move(order_id, "CANCELLED")
    else:
        return_cart(shop.container.carts, shop.container.unit_of_work, order_id)


@pytest.mark.parametrize("pays_now", [False, True], ids=["later", "now"])
def test_by_threads_each_unit_is_in_one_place(
    paying_shop: OrderingShop, redis: str, stripe: str, pays_now: bool
) -> None:
    shop = paying_shop
    assert shop.post("/api/customers", json=ADA).status == 201
    with ExitStack() as stack:
        shops = [
            OrderingShop(stack.enter_context(paying_container(shop.database_url, redis, stripe)))
            for _ in range(4)
        ]
        put_in = 0
        phone = shop.product(on_hand=1000)
        for _ in range(6):
            guest = shop.shopper(Role.GUEST)
            for each in shops:
                each.guests.add(guest)
            cart = shop.fill_cart(guest, phone, quantity=2)
            put_in += 2
            answers = at_once(
                [partial(one.check_out, guest, cart, pay_now=pays_now) for one in shops[:2]]
                + [partial(one.post, "/api/sessions", json=LOGIN, token=guest) for one in shops[2:]]
            )
            assert {answer.status for answer in answers} <= {201, 404, 409}
            assert [answer.status for answer in answers[2:]] == [201, 201]
            assert _owned(shop) == {str(phone): put_in}
            assert cart_of(shop, guest) == {}
