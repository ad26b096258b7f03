"""Walks by cursor through the list of products, while others write."""

import base64
from typing import Any

import pytest

from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway

_LIST = "/api/catalog/products"


def _pages(shop: Gateway, **query: Any) -> Any:
    """Yield the pages of a walk; what the caller writes in between is written between two requests."""
    cursor = None
    while True:
        page = shop.get(_LIST, query=query | ({"cursor": cursor} if cursor else {})).json
        yield page["products"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("category", [None, "electronics"])
@pytest.mark.parametrize("sort", ["newest", "price_asc", "price_desc"])
def test_a_walk_under_writes_meets_each_product_once(
    shop: Gateway, container: Container, sort: str, category: str | None
) -> None:
    """A29: pages by number repeat and skip products while others write (medusa #5800)."""
    database = container.database
    stays = {
        str(add_product(database, price_minor=100 * (number % 4), name=f"Stays {number}"))
        for number in range(13)
    }
    goes = [add_product(database, price_minor=100, name=f"Goes {number}") for number in range(6)]
    query = {"sort": sort, "per_page": 3} | ({"category": category} if category else {})

    walked: list[str] = []
    for products in _pages(shop, **query):
        walked += [product["id"] for product in products]
        add_product(database, price_minor=len(walked) % 400, category="laptops")
        if goes:
            with database.transaction() as transaction:
                transaction.send(
                    "UPDATE products SET is_active = false WHERE id = %s", (goes.pop(),)
                )

    assert len(walked) == len(set(walked))
    assert stays <= set(walked)


def test_the_pages_of_a_walk(shop: Gateway, container: Container) -> None:
    for number in range(5):
        add_product(container.database, name=f"Phone {number}")
    first = shop.get(_LIST, query={"per_page": 2}).json
    second = shop.get(_LIST, query={"per_page": 2, "cursor": first["next_cursor"]}).json
    third = shop.get(_LIST, query={"per_page": 2, "cursor": second["next_cursor"]}).json

    assert [page["total"] for page in (first, second, third)] == [5, 5, 5]
    assert [page["page"] for page in (first, second, third)] == [1, None, None]
    assert third["next_cursor"] is None
    names = [p["name"] for page in (first, second, third) for p in page["products"]]
    assert names == [f"Phone {number}" for number in (4, 3, 2, 1, 0)]
    assert shop.get(_LIST, query={"per_page": 5}).json["next_cursor"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "bm90IGpzb24",
        base64.urlsafe_b64encode(b"[1,2,3]").decode(),
        "W10",
        "é",
        "A" * 3000,
    ],
)
def test_a_malformed_cursor(shop: Gateway, cursor: str) -> None:
    answer = shop.get(_LIST, query={"cursor": cursor})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["cursor"]


def test_a_cursor_of_another_list(shop: Gateway, container: Container) -> None:
    for _ in range(2):
        add_product(container.database)
    cursor = shop.get(_LIST, query={"per_page": 1}).json["next_cursor"]

    for other in ({"sort": "price_asc"}, {"category": "phones"}, {"page": 2}):
        answer = shop.get(_LIST, query={"cursor": cursor, **other})
        assert answer.status == 400
        assert answer.json["errors"][0]["field"] == ("page" if "page" in other else "cursor")


def test_a_walk_has_no_last_page(shop: Gateway, container: Container) -> None:
    """A29: past 10,000 a list ends, or fails (shopware #12719)."""
    add_product(container.database)
    with container.database.transaction() as transaction:
        transaction.send(
            "INSERT INTO products (id, sku, name, price_minor, currency, category_id, created_at)"
            " SELECT gen_random_uuid(), 'S' || n, 'Bulk', n %% 50, 'USD', p.category_id,"
            "        p.created_at - n * interval '1 second'"
            " FROM products AS p, generate_series(1, 10100) AS n"
        )
    walked = [product["id"] for page in _pages(shop, per_page=100) for product in page]

    assert len(walked) == len(set(walked)) == 10_101
