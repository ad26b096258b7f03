"""The catalog for staff: /api/admin/products and /api/admin/categories."""

import json
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.stock import query

_PRODUCTS = "/api/catalog/products"
_ADMIN = "/api/admin/products"
_CATEGORIES = "/api/admin/categories"


@pytest.fixture
def staff(container: Container) -> str:
    return token_of(container, Role.STAFF)


def _names(shop: Gateway, staff: str, **query: object) -> list[str]:
    answer = shop.get(_ADMIN, query=query, token=staff)
    assert answer.status == 200, answer.text
    return [product["name"] for product in answer.json["products"]]


def _audit(shop: Gateway, staff: str, subject_id: object) -> list[tuple[str, Any, Any]]:
    answer = shop.get("/api/admin/audit", query={"subject_id": subject_id}, token=staff)
    return [(row["action"], row["before"], row["after"]) for row in reversed(answer.json["rows"])]


def test_products_of_every_kind(shop: Gateway, container: Container, staff: str) -> None:
    database = container.database
    add_product(database, name="Brass Lantern", sku="LAN-1")
    add_product(database, name="Steel Lantern", sku="LAN-2", is_active=False)
    add_product(database, name="ワイヤレスイヤホン", sku="EAR-1", is_active=False)

    assert _names(shop, staff) == ["ワイヤレスイヤホン", "Steel Lantern", "Brass Lantern"]
    assert _names(shop, staff, active="true") == ["Brass Lantern"]
    assert _names(shop, staff, active="false") == ["ワイヤレスイヤホン", "Steel Lantern"]
    assert _names(shop, staff, sku="lan") == ["Steel Lantern", "Brass Lantern"]
    assert _names(shop, staff, sku="lan-2") == ["Steel Lantern"]
    assert _names(shop, staff, q="LANT bra") == ["Brass Lantern"]
    assert _names(shop, staff, q="イヤホン") == ["ワイヤレスイヤホン"]
    assert _names(shop, staff, q="lantern", active="false", sku="1") == []


def test_a_walk_through_the_products(shop: Gateway, container: Container, staff: str) -> None:
    expected = {str(add_product(container.database, is_active=n % 2 == 0)) for n in range(7)}
    walked: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = shop.get(_ADMIN, query=query, token=staff).json
        walked += [product["id"] for product in page["products"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        add_product(container.database)
    assert sorted(walked) == sorted(expected)
    answer = shop.get(_ADMIN, query={"cursor": "nonsense"}, token=staff)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("role", [Role.GUEST, Role.CUSTOMER, Role.FINANCE])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", _ADMIN),
        ("POST", _CATEGORIES),
        ("PATCH", f"{_CATEGORIES}/phones"),
        ("DELETE", f"{_CATEGORIES}/phones"),
        ("GET", "/api/admin/audit"),
        ("GET", "/api/admin/orders"),
        ("GET", f"/api/admin/orders/{UUID(int=1)}"),
        ("POST", f"/api/admin/orders/{UUID(int=1)}/notes"),
    ],
)
def test_only_staff(
    shop: Gateway, container: Container, role: Role, method: str, path: str
) -> None:
    body = {"slug": "x", "name": "X"} if path == _CATEGORIES else {"name": "X"}
    if path.endswith("/notes"):
        body = {"text": "x"}
    json = body if method in {"POST", "PATCH"} else None
    assert shop.call(method, path, json=json, token=token_of(container, role)).status == 403
    assert shop.call(method, path, json=json).status == 401


def _phone(sku: str) -> dict[str, Any]:
    return {
        "sku": sku, "name": "Phone", "description": "", "brand": "", "price": 10, "currency": "USD",
        "category": "phones", "tags": [],
    }  # fmt: skip


def test_a_sku_is_free_once_its_product_is_deactivated(
    shop: Gateway, container: Container, staff: str
) -> None:
    """A31: the SKU of a deleted product can never be used again (craft #718, medusa #270)."""
    first = shop.post(_PRODUCTS, json=_phone("P-1"), token=staff).json
    taken = shop.post(_PRODUCTS, json=_phone("P-1"), token=staff)
    assert (taken.status, taken.code) == (409, "sku_taken")
    assert first["id"] in taken.json["detail"]
    assert taken.json["errors"] == [
        {"field": "sku", "message": f"belongs to product {first['id']}"}
    ]

    assert shop.call("DELETE", f"{_PRODUCTS}/{first['id']}", token=staff).status == 204
    second = shop.post(_PRODUCTS, json=_phone("P-1"), token=staff)
    assert second.status == 201

    refused = shop.call(
        "PATCH", f"{_PRODUCTS}/{first['id']}", json={"is_active": True, "version": 2}, token=staff
    )
    assert (refused.status, refused.code) == (409, "sku_taken")
    assert second.json["id"] in refused.json["detail"]

    shop.call("DELETE", f"{_PRODUCTS}/{second.json['id']}", token=staff)
    back = shop.call(
        "PATCH", f"{_PRODUCTS}/{first['id']}", json={"is_active": True, "version": 2}, token=staff
    )
    assert (back.status, back.json["is_active"]) == (200, True)
    assert shop.get(f"{_PRODUCTS}/{first['id']}").status == 200


def test_every_change_of_a_product_is_audited(shop: Gateway, staff: str) -> None:
    product = shop.post(_PRODUCTS, json=_phone("P-2"), token=staff).json
    path = f"{_PRODUCTS}/{product['id']}"
    shop.call("PATCH", path, json={"price": 12.5, "name": "Phone", "version": 1}, token=staff)
    shop.call("PATCH", path, json={"name": "Phone", "version": 2}, token=staff)
    shop.call("PATCH", path, json={"name": "Other", "version": 1}, token=staff)
    shop.call("DELETE", path, token=staff)
    shop.call("DELETE", path, token=staff)
    shop.call("PUT", f"/api/stock/{product['id']}", json={"on_hand": 3}, token=staff)
    shop.call(
        "PUT", f"/api/stock/{product['id']}", json={"adjust_by": 2, "reason": "found"}, token=staff
    )

    created, changed, deactivated, stocked, adjusted = _audit(shop, staff, product["id"])
    assert created[:2] == ("product.created", None)
    assert created[2]["sku"] == "P-2"
    assert changed == (
        "product.changed",
        {"price_minor": 1000, "version": 1},
        {"price_minor": 1250, "version": 2},
    )
    assert deactivated == ("product.deactivated", {"is_active": True}, {"is_active": False})
    assert stocked == ("stock.changed", {"on_hand": 0}, {"on_hand": 3, "reason": "set by staff"})
    assert adjusted == ("stock.changed", {"on_hand": 3}, {"on_hand": 5, "reason": "found"})


def test_categories(shop: Gateway, container: Container, staff: str) -> None:
    tablets = {"slug": "tablets", "name": "Tablets", "parent": "electronics"}
    shop.get("/api/catalog/categories")
    assert shop.post(_CATEGORIES, json=tablets, token=staff).status == 201
    assert shop.post(_CATEGORIES, json=tablets, token=staff).code == "category_taken"
    wrong = shop.post(_CATEGORIES, json=tablets | {"slug": "t", "parent": "no"}, token=staff)
    assert wrong.json["errors"][0]["field"] == "parent"
    assert shop.post(_CATEGORIES, json=tablets | {"slug": "A B"}, token=staff).status == 400
    assert shop.post(_CATEGORIES, json={"slug": "toys", "name": "Toys"}, token=staff).status == 201

    renamed = shop.call("PATCH", f"{_CATEGORIES}/tablets", json={"name": "Slates"}, token=staff)
    assert renamed.json == {"slug": "tablets", "name": "Slates", "parent": "electronics"}
    tree = shop.get("/api/catalog/categories").json["categories"]
    electronics = next(node for node in tree if node["slug"] == "electronics")
    assert "Slates" in [child["name"] for child in electronics["children"]]
    assert "toys" in [node["slug"] for node in tree]

    add_product(container.database, category="tablets", is_active=False)
    for used in ("tablets", "electronics"):
        refused = shop.call("DELETE", f"{_CATEGORIES}/{used}", token=staff)
        assert (refused.status, refused.code) == (409, "category_in_use")
    assert shop.call("DELETE", f"{_CATEGORIES}/toys", token=staff).status == 204
    for method in ("DELETE", "PATCH"):
        json = {"name": "X"} if method == "PATCH" else None
        gone = shop.call(method, f"{_CATEGORIES}/toys", json=json, token=staff)
        assert (gone.status, gone.code) == (404, "category_not_found")

    assert _audit(shop, staff, "tablets") == [
        ("category.created", None, {"name": "Tablets", "parent": "electronics"}),
        ("category.changed", {"name": "Tablets"}, {"name": "Slates"}),
    ]
    assert [row[0] for row in _audit(shop, staff, "toys")] == [
        "category.created",
        "category.deleted",
    ]


def test_the_tax_class_of_a_product(shop: Gateway, container: Container, staff: str) -> None:
    product_id = add_product(container.database, sku="BOOK-1", tax_class="reduced")
    path = f"{_PRODUCTS}/{product_id}"
    seen = shop.get(path, token=staff)
    assert seen.json["tax_class"] == "reduced"
    sent = {"tax_class": "zero", "version": seen.json["version"]}
    changed = shop.call("PATCH", path, json=sent, token=staff)
    assert (changed.status, changed.json["tax_class"]) == (200, "zero")
    assert shop.get(path).json["tax_class"] == "zero"
    assert shop.get(_ADMIN, token=staff).json["products"][0]["tax_class"] == "zero"
    assert _audit(shop, staff, product_id) == [
        (
            "product.changed",
            {"tax_class": "reduced", "version": 1},
            {"tax_class": "zero", "version": 2},
        )
    ]
    for wrong in ("Zero", "", "7", "a" * 31, "zero rate", None):
        refused = shop.call("PATCH", path, json={"tax_class": wrong, "version": 2}, token=staff)
        assert (refused.status, refused.json["errors"][0]["field"]) == (400, "tax_class")


def test_a_product_is_created_with_its_tax_class(shop: Gateway, staff: str) -> None:
    shop.post(_CATEGORIES, json={"slug": "books", "name": "Books"}, token=staff)
    body = {
        "sku": "BOOK-2", "name": "A Book", "description": "", "brand": "", "price": 9.99,
        "currency": "USD", "category": "books", "tags": [], "tax_class": "reduced",
    }  # fmt: skip
    answer = shop.post(_PRODUCTS, json=body, token=staff)
    assert (answer.status, answer.json["tax_class"]) == (201, "reduced")


def _tree(shop: Gateway) -> dict[str, list[str]]:
    """Return the slugs of the categories below each."""
    found: dict[str, list[str]] = {}

    def walk(node: Any) -> None:
        found[node["slug"]] = sorted(child["slug"] for child in node["children"])
        for child in node["children"]:
            walk(child)

    for node in shop.get("/api/catalog/categories").json["categories"]:
        walk(node)
    return found


def _listed(shop: Gateway, category: str) -> list[str]:
    answer = shop.get("/api/catalog/products", query={"category": category})
    assert answer.status in (200, 404), answer.text
    return [product["id"] for product in answer.json.get("products", [])]


def _searched(shop: Gateway, category: str) -> list[str]:
    query = {"q": "lantern", "filters": json.dumps({"category": category})}
    return [found["id"] for found in shop.get("/api/catalog/search", query=query).json["results"]]


def _change(shop: Gateway, staff: str, slug: str, /, **changes: Any) -> Response:
    return shop.patch(f"{_CATEGORIES}/{slug}", json=changes, token=staff)


@pytest.fixture
def camping(shop: Gateway, container: Container, staff: str) -> str:
    """A product in lighting, below camping, which is below outdoors."""
    for slug, parent in (("outdoors", None), ("camping", "outdoors"), ("lighting", "camping")):
        body = {"slug": slug, "name": slug.title(), "parent": parent}
        assert shop.post(_CATEGORIES, json=body, token=staff).status == 201
    return str(add_product(container.database, name="Brass Lantern", category="lighting"))


def test_a_category_moves_with_what_is_below_it(
    shop: Gateway, container: Container, staff: str, camping: str
) -> None:
    version = shop.get(f"/api/catalog/products/{camping}").json["version"]
    assert _listed(shop, "outdoors") == [camping]
    moved = _change(shop, staff, "camping", parent="electronics")
    assert moved.json == {"slug": "camping", "name": "Camping", "parent": "electronics"}
    assert _tree(shop)["camping"] == ["lighting"]
    assert "camping" in _tree(shop)["electronics"]
    for read in (_listed, _searched):
        assert read(shop, "outdoors") == []
        for category in ("electronics", "camping", "lighting"):
            assert read(shop, category) == [camping]
    facets = shop.get("/api/catalog/search", query={"q": "lantern"}).json["facets"]["categories"]
    assert facets == {"electronics": 1, "camping": 1, "lighting": 1}
    # The index learns it by the products' events.
    assert shop.get(f"/api/catalog/products/{camping}").json["version"] == version + 1
    rows = query(
        container.settings.database_url,
        "SELECT count(*) FROM outbox WHERE event_type = 'product.updated' AND aggregate_id = %s",
        (camping,),
    )
    assert rows == [(1,)]
    assert _change(shop, staff, "camping", parent=None).json["parent"] is None
    assert _listed(shop, "camping") == [camping]
    assert _listed(shop, "electronics") == []
    [*_, last] = _audit(shop, staff, "camping")
    assert last == (
        "category.changed",
        {"parent": "electronics", "path": "electronics/camping"},
        {"parent": None, "path": "camping"},
    )


def test_a_slug_changes_with_the_paths_below_it(shop: Gateway, staff: str, camping: str) -> None:
    answer = _change(shop, staff, "camping", slug="tents", name="Tents & more")
    assert answer.json == {"slug": "tents", "name": "Tents & more", "parent": "outdoors"}
    assert (_tree(shop)["outdoors"], _tree(shop)["tents"]) == (["tents"], ["lighting"])
    for category in ("outdoors", "tents", "lighting"):
        assert _listed(shop, category) == _searched(shop, category) == [camping]
    assert _listed(shop, "camping") == []
    taken = _change(shop, staff, "tents", slug="phones")
    assert (taken.status, taken.code) == (409, "category_taken")
    assert _tree(shop)["outdoors"] == ["tents"]


def test_a_category_moves_neither_below_itself_nor_nowhere(
    shop: Gateway, staff: str, camping: str
) -> None:
    for parent in ("camping", "lighting", "nowhere"):
        answer = _change(shop, staff, "camping", parent=parent)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "parent")
    assert _change(shop, staff, "camping").status == 400
    assert _change(shop, staff, "nowhere", name="X").code == "category_not_found"
    assert _tree(shop)["outdoors"] == ["camping"]
    assert _listed(shop, "outdoors") == [camping]


def test_moves_at_once_make_no_cycle(
    shop: Gateway, staff: str, camping: str, database: str, redis: str
) -> None:
    """Each below the other: the second finds what the first has committed."""
    for _ in range(5):
        for slug in ("camping", "lighting"):
            assert _change(shop, staff, slug, parent="outdoors").status == 200
        with ExitStack() as stack:
            shops = [Gateway(stack.enter_context(container_for(database, redis))) for _ in range(4)]
            moves = [("camping", "lighting"), ("lighting", "camping")] * 2
            answers = at_once(
                [
                    partial(_change, one, staff, slug, parent=parent)
                    for one, (slug, parent) in zip(shops, moves, strict=True)
                ]
            )
        assert {answer.status for answer in answers} == {200, 400}
        paths = {
            (row[0], row[1])
            for row in query(
                database,
                "SELECT slug, path FROM categories WHERE slug IN ('outdoors', 'camping', 'lighting')",
            )
        }
        assert paths in (
            {("outdoors",) * 2, ("camping", "outdoors/camping"),
             ("lighting", "outdoors/camping/lighting")},
            {("outdoors",) * 2, ("lighting", "outdoors/lighting"),
             ("camping", "outdoors/lighting/camping")},
        )  # fmt: skip
        assert _listed(shop, "outdoors") == [camping]


def test_a_category_that_is_added_below_one_that_moves_follows(
    shop: Gateway, staff: str, camping: str, database: str, redis: str
) -> None:
    for number in range(5):
        parent = ("electronics", "outdoors")[number % 2]
        body = {"slug": f"new-{number}", "name": "New", "parent": "camping"}
        with container_for(database, redis) as first, container_for(database, redis) as second:
            answers = at_once(
                [
                    partial(_change, Gateway(first), staff, "camping", parent=parent),
                    partial(Gateway(second).post, _CATEGORIES, json=body, token=staff),
                ]
            )
        assert [answer.status for answer in answers] == [200, 201]
    wrong = query(
        database,
        "SELECT c.slug FROM categories AS c JOIN categories AS above ON above.id = c.parent_id"
        " WHERE c.path <> above.path || '/' || c.slug",
    )
    assert wrong == []
