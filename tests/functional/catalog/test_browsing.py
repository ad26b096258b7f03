"""GET /api/catalog/products, …/{product_id} and /api/catalog/categories."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway

_LIST = "/api/catalog/products"


def _names(shop: Gateway, **query: object) -> list[str]:
    answer = shop.get(_LIST, query=query)
    assert answer.status == 200, answer.text
    return [product["name"] for product in answer.json["products"]]


def _days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_one_page(shop: Gateway, container: Container) -> None:
    product_id = add_product(container.database, name="Phone", price_minor=99_990, on_hand=7)
    answer = shop.get(_LIST)

    assert answer.status == 200
    assert '"price":999.90,' in answer.text
    assert answer.json == {
        "products": [
            {
                "id": str(product_id),
                "name": "Phone",
                "description": "Fine.",
                "brand": "Acme",
                "price": 999.9,
                "currency": "USD",
                "stock": 7,
                "image_url": None,
                "category": "phones",
            }
        ],
        "total": 1,
        "page": 1,
        "per_page": 20,
        "next_cursor": None,
    }


def test_a_category_includes_its_subcategories(shop: Gateway, container: Container) -> None:
    add_product(container.database, name="Phone", category="phones", created_at=_days_ago(2))
    add_product(container.database, name="Laptop", category="laptops", created_at=_days_ago(1))
    add_product(container.database, name="Radio", category="electronics", created_at=_days_ago(3))
    add_product(container.database, name="Novel", category="novels")
    add_product(container.database, name="Gone", is_active=False)

    assert _names(shop) == ["Novel", "Laptop", "Phone", "Radio"]
    assert _names(shop, category="electronics") == ["Laptop", "Phone", "Radio"]
    assert _names(shop, category="phones") == ["Phone"]
    assert _names(shop, category="books") == ["Novel"]


@pytest.mark.parametrize("category", [None, "electronics"])
def test_sorting_is_stable_over_pages(
    shop: Gateway, container: Container, category: str | None
) -> None:
    for number in range(10):
        add_product(
            container.database,
            name=f"P{number}",
            price_minor=100 * (number // 3),
            category="phones" if number % 2 else "laptops",
        )
    query = {"category": category} if category else {}

    def walk(sort: str) -> list[str]:
        pages = [_names(shop, sort=sort, per_page=3, page=page, **query) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [3, 3, 3, 1]
        return [name for page in pages for name in page]

    ascending, descending = walk("price_asc"), walk("price_desc")
    assert sorted(ascending) == sorted(walk("newest")) == [f"P{n}" for n in range(10)]
    assert [int(name[1]) // 3 for name in ascending] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert descending == ascending[::-1]


def test_a_page_beyond_the_end(shop: Gateway, container: Container) -> None:
    add_product(container.database)
    answer = shop.get(_LIST, query={"page": 2})

    assert (answer.status, answer.json["products"], answer.json["total"]) == (200, [], 1)


def test_unknown_category(shop: Gateway) -> None:
    for slug in ("shoes", "%", "electronics/phones", "' OR 1=1 --"):
        answer = shop.get(_LIST, query={"category": slug})
        assert (answer.status, answer.code) == (404, "category_not_found")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": "one"}, "page"),
        ({"page": 10**30}, "page"),
        ({"per_page": 0}, "per_page"),
        ({"per_page": 101}, "per_page"),
        ({"page": 101, "per_page": 100}, "page"),
        ({"sort": "random"}, "sort"),
        ({"colour": "red"}, "colour"),
        ({"category": ""}, "category"),
        ({"page": [1, 2]}, "page"),
    ],
)
def test_malformed_query(shop: Gateway, query: dict[str, object], field: str) -> None:
    answer = shop.get(_LIST, query=query)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field


def test_deepest_page(shop: Gateway) -> None:
    assert shop.get(_LIST, query={"page": 100, "per_page": 100}).status == 200


def test_one_product(shop: Gateway, container: Container) -> None:
    product_id = add_product(container.database, name="Phone", price_minor=10, on_hand=3)
    answer = shop.get(f"{_LIST}/{product_id}")

    assert answer.status == 200
    assert answer.json["stock"] == 3
    assert '"price":0.10,' in answer.text
    assert answer.headers["etag"].startswith('"1-')


def test_unknown_products(shop: Gateway, container: Container) -> None:
    inactive = add_product(container.database, is_active=False)
    for name in (inactive, uuid4(), "17", "%00"):
        answer = shop.get(f"{_LIST}/{name}")
        assert (answer.status, answer.code) == (404, "product_not_found")


def test_category_tree(shop: Gateway, container: Container) -> None:
    add_product(container.database, category="phones")
    add_product(container.database, category="electronics")
    add_product(container.database, category="phones", is_active=False)
    answer = shop.get("/api/catalog/categories")

    assert answer.json["categories"] == [
        {
            "slug": "books",
            "name": "Books",
            "product_count": 0,
            "children": [{"slug": "novels", "name": "Novels", "product_count": 0, "children": []}],
        },
        {
            "slug": "electronics",
            "name": "Electronics",
            "product_count": 2,
            "children": [
                {"slug": "laptops", "name": "Laptops", "product_count": 0, "children": []},
                {"slug": "phones", "name": "Phones", "product_count": 1, "children": []},
            ],
        },
    ]
