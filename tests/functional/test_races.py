"""Concurrent equal changes, from several containers."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of

_PATH = "/api/catalog/products"


@pytest.fixture
def shops(container: Container, database: str, redis: str) -> Iterator[list[Gateway]]:
    with ExitStack() as stack:
        yield [Gateway(stack.enter_context(container_for(database, redis))) for _ in range(4)]


def _outcomes(shops: list[Gateway], send: Callable[[Gateway], Response]) -> Counter[str | int]:
    answers = at_once([partial(send, shop) for shop in shops])
    return Counter(answer.code or answer.status for answer in answers)


def test_one_of_many_changes_to_a_version_wins(shops: list[Gateway], container: Container) -> None:
    path = f"{_PATH}/{add_product(container.database)}"
    token = token_of(container, Role.STAFF)
    outcomes = _outcomes(
        shops, lambda shop: shop.patch(path, json={"price": 5, "version": 1}, token=token)
    )

    assert outcomes == {200: 1, "version_conflict": 3}


def test_one_of_many_products_gets_the_sku(shops: list[Gateway], container: Container) -> None:
    token = token_of(container, Role.STAFF)
    product = {"sku": "S", "name": "N", "description": "", "brand": "", "price": 1}
    product |= {"currency": "USD", "category": "phones", "tags": []}
    outcomes = _outcomes(shops, lambda shop: shop.post(_PATH, json=product, token=token))

    assert outcomes == {201: 1, "sku_taken": 3}


def test_one_of_many_customers_gets_the_address(shops: list[Gateway]) -> None:
    ada = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
    outcomes = _outcomes(shops, lambda shop: shop.post("/api/customers", json=ada))

    assert outcomes == {201: 1, "email_taken": 3}


def test_one_request_sent_many_times_with_one_key_adds_once(
    shops: list[Gateway], container: Container
) -> None:
    """powertools-lambda-python #8386 #8387: double execution by a record in Redis (anchor A15)."""
    token = token_of(container)
    body = {"product_id": str(add_product(container.database)), "quantity": 2}
    outcomes = _outcomes(
        shops, lambda shop: shop.post("/api/cart/items", json=body, token=token, key="add-1")
    )

    assert set(outcomes) <= {200, "request_in_progress"}
    [line] = shops[0].get("/api/cart", token=token).json["items"]
    assert line["quantity"] == 2
