"""Carts under many threads."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID, uuid4

import pytest

from shop.adapters.redis.carts import RedisCartStore
from shop.adapters.redis.connection import make_client
from shop.domain.cart import Cart
from shop.domain.errors import InsufficientStock
from shop.domain.ids import new_id
from tests.support.at_once import at_once

_THREADS = 8


@pytest.fixture
def stores(redis: str) -> Iterator[list[RedisCartStore]]:
    """One store a thread."""
    clients = [make_client(redis) for _ in range(_THREADS)]
    yield [RedisCartStore(client) for client in clients]
    for client in clients:
        client.close()


def _at_once(stores: list[RedisCartStore], work: Callable[[RedisCartStore], object]) -> None:
    at_once([partial(work, store) for store in stores])


def _put(
    store: RedisCartStore, user_id: UUID, product_id: UUID, quantity: int, *, price_minor: int
) -> Cart:
    cart = store.add(user_id, product_id, quantity, available=10, price_minor=price_minor)
    assert cart is not None
    return cart


def test_adds_at_once_all_count(stores: list[RedisCartStore]) -> None:
    user_id, product_id = uuid4(), uuid4()

    def add(store: RedisCartStore) -> None:
        for _ in range(20):
            store.add(user_id, product_id, 1, available=10_000, price_minor=1)

    _at_once(stores, add)
    cart = stores[0].read(user_id)

    assert cart is not None
    assert cart.quantity_of(product_id) == 20 * _THREADS


def test_adds_at_once_never_exceed_what_is_available(stores: list[RedisCartStore]) -> None:
    user_id, product_id = uuid4(), uuid4()
    refused: list[int] = []

    def add(store: RedisCartStore) -> None:
        for _ in range(20):
            try:
                store.add(user_id, product_id, 1, available=50, price_minor=1)
            except InsufficientStock:
                refused.append(1)

    _at_once(stores, add)
    cart = stores[0].read(user_id)

    assert cart is not None
    assert cart.quantity_of(product_id) == 50
    assert len(refused) == 20 * _THREADS - 50


def test_first_adds_at_once_make_one_cart(stores: list[RedisCartStore]) -> None:
    user_id = uuid4()
    ids: set[UUID] = set()

    def add(store: RedisCartStore) -> None:
        ids.add(_put(store, user_id, uuid4(), 1, price_minor=1).cart_id)

    _at_once(stores, add)

    assert len(ids) == 1
    assert len(stores[0].new_carts(10)) == 1


def test_merges_at_once_move_each_line_once(stores: list[RedisCartStore]) -> None:
    """aws-serverless-shopping-cart: a repeated merge doubled the quantities (anchor A11)."""
    guest, user_id, product_id = uuid4(), uuid4(), uuid4()
    stores[0].add(guest, product_id, 2, available=10, price_minor=1)
    stores[0].add(user_id, product_id, 1, available=10, price_minor=1)
    _at_once(stores, lambda store: store.merge(guest, user_id))
    merged = stores[0].read(user_id)

    assert merged is not None
    assert merged.quantity_of(product_id) == 3
    assert stores[0].read(guest) is None


def test_merging_while_the_guest_adds_loses_nothing(stores: list[RedisCartStore]) -> None:
    guest, user_id, product_id = uuid4(), uuid4(), uuid4()

    def work(store: RedisCartStore) -> None:
        for _ in range(10):
            store.add(guest, product_id, 1, available=10_000, price_minor=1)
            store.merge(guest, user_id)

    _at_once(stores, work)
    stores[0].merge(guest, user_id)
    merged = stores[0].read(user_id)

    assert merged is not None
    assert merged.quantity_of(product_id) == 10 * _THREADS


def test_lines_added_during_the_checkout_stay(stores: list[RedisCartStore]) -> None:
    store, user_id, phone, case = stores[0], uuid4(), uuid4(), uuid4()
    bought = _put(store, user_id, phone, 2, price_minor=100)
    store.add(user_id, phone, 1, available=10, price_minor=110)
    store.add(user_id, case, 1, available=10, price_minor=5)

    assert store.remove_bought(user_id, bought.cart_id, {phone: 2}, order_id=new_id())

    left = store.read(user_id)
    assert left is not None
    assert left.cart_id != bought.cart_id
    assert [(i.product_id, i.quantity, i.seen_price_minor) for i in left.items] == [
        (phone, 1, 110),
        (case, 1, 5),
    ]
    assert left.expires_at >= bought.expires_at
    # A repeat, as after a crash, finds another cart.
    assert not store.remove_bought(user_id, bought.cart_id, {phone: 2}, order_id=new_id())
    assert store.read(user_id) == left
    tracked = {(cart.user_id, cart.cart_id) for cart in store.new_carts(100)}
    assert (user_id, left.cart_id) in tracked


def test_a_line_that_was_removed_meanwhile_is_not_required(stores: list[RedisCartStore]) -> None:
    store, user_id, phone, case = stores[0], uuid4(), uuid4(), uuid4()
    bought = _put(store, user_id, phone, 2, price_minor=100)
    store.add(user_id, case, 1, available=10, price_minor=5)
    store.remove(user_id, phone)
    store.set_quantity(user_id, case, 3, available=10, price_minor=5)

    assert store.remove_bought(user_id, bought.cart_id, {phone: 2, case: 4}, order_id=new_id())

    assert store.read(user_id) is None


def test_an_addition_is_made_once_a_request(stores: list[RedisCartStore]) -> None:
    store, user_id, phone, request = stores[0], uuid4(), uuid4(), uuid4()

    def add(request_id: UUID) -> Cart | None:
        return store.add(user_id, phone, 2, available=10, price_minor=100, request_id=request_id)

    first = add(request)
    assert first is not None

    def repeat(own: RedisCartStore) -> None:
        own.add(user_id, phone, 2, available=10, price_minor=100, request_id=request)

    _at_once(stores, repeat)
    again = add(uuid4())
    assert again is not None
    assert (first.quantity_of(phone), again.quantity_of(phone)) == (2, 4)
    store.remove_bought(user_id, again.cart_id, {phone: 4}, order_id=new_id())
    assert add(request) is None
