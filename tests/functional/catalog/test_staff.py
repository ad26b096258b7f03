"""The catalog for staff: /api/admin/products and /api/admin/categories."""

from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import audit_of, token_of

_PRODUCTS = "/api/catalog/products"
_ADMIN = "/api/admin/products"
_CATEGORIES = "/api/admin/categories"


def _names(shop: Gateway, staff: str, **query: object) -> list[str]:
    answer = shop.get(_ADMIN, query=query, token=staff)
    assert answer.status == 200, answer.text
    return [product["name"] for product in answer.json["products"]]


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

    created, changed, deactivated, stocked, adjusted = audit_of(shop, staff, product["id"])
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

    assert audit_of(shop, staff, "tablets") == [
        ("category.created", None, {"name": "Tablets", "parent": "electronics"}),
        ("category.changed", {"name": "Tablets"}, {"name": "Slates"}),
    ]
    assert [row[0] for row in audit_of(shop, staff, "toys")] == [
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
    assert audit_of(shop, staff, product_id) == [
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
