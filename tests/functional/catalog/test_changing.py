"""POST, PATCH and DELETE below /api/catalog/products."""

from typing import Any
from uuid import uuid4

import pytest

from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of

_PATH = "/api/catalog/products"
_PHONE: dict[str, Any] = {
    "sku": "PHONE-1",
    "name": "Phone",
    "description": "Rings.",
    "brand": "Acme",
    "price": 999.99,
    "currency": "USD",
    "category": "phones",
    "tags": ["5g", "black"],
    "image_url": "https://images.example/phone.svg",
    "attributes": {"weight_g": 180, "colour": "black", "dual_sim": True, "inch": 6.1},
}


def _events(container: Container) -> list[tuple[str, int]]:
    with container.database.transaction() as transaction:
        rows = transaction.rows("SELECT event_type, body FROM outbox ORDER BY sequence")
    return [(event_type, body["product_version"]) for event_type, body in rows]


def _create(shop: Gateway, staff: str, **changes: Any) -> Response:
    return shop.post(_PATH, json={**_PHONE, **changes}, token=staff)


def test_create(shop: Gateway, staff: str, container: Container) -> None:
    answer = _create(shop, staff)
    product_id = answer.json["id"]
    read = shop.get(f"{_PATH}/{product_id}")

    assert answer.status == 201
    assert answer.headers["location"] == f"{_PATH}/{product_id}"
    assert answer.json == {
        **_PHONE,
        "id": product_id,
        "stock": 0,
        "tax_class": "standard",
        "is_active": True,
        "version": 1,
    }
    assert read.json == answer.json
    assert read.headers["etag"] == answer.headers["etag"]
    assert _events(container) == [("product.updated", 1)]
    with container.database.transaction() as transaction:
        [[on_hand]] = transaction.rows("SELECT quantity_on_hand FROM inventory")
    assert on_hand == 0


def test_a_taken_sku(shop: Gateway, staff: str, container: Container) -> None:
    _create(shop, staff)
    answer = _create(shop, staff, name="Other")

    assert (answer.status, answer.code) == (409, "sku_taken")
    assert len(_events(container)) == 1


def test_creating_again_with_the_same_key(shop: Gateway, staff: str) -> None:
    first = shop.post(_PATH, json=_PHONE, token=staff, key="new-1")
    second = shop.post(_PATH, json=_PHONE, token=staff, key="new-1")

    assert second.headers["idempotency-replayed"] == "true"
    assert (second.json, second.headers["etag"]) == (first.json, first.headers["etag"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": -1}, "price"),
        ({"price": 1.999}, "price"),
        ({"price": 10**9}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1.50"}, "price"),
        ({"price": True}, "price"),
        ({"price": 1.0000000000001}, "price"),
        ({"name": " "}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"tags": ["\t"]}, "tags[0]"),
        ({"price": None}, "price"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"category": "shoes"}, "category"),
        ({"sku": "a b"}, "sku"),
        ({"sku": ""}, "sku"),
        ({"name": ""}, "name"),
        ({"tags": ["x"] * 31}, "tags"),
        ({"tags": [1]}, "tags[0]"),
        ({"image_url": "javascript:alert(1)"}, "image_url"),
        ({"attributes": {"a": [1]}}, "attributes[...]"),
        ({"attributes": {"a": 2**80}}, "attributes[...]"),
        ({"attributes": {"a": 1e300}}, "attributes[...]"),
        ({"id": str(uuid4())}, "id"),
        ({"version": 7}, "version"),
    ],
)
def test_malformed_product(
    shop: Gateway, staff: str, container: Container, change: dict[str, Any], field: str
) -> None:
    answer = _create(shop, staff, **change)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field
    assert _events(container) == []


@pytest.mark.parametrize("field", ["sku", "name", "price", "currency", "category", "tags"])
def test_missing_field(shop: Gateway, staff: str, field: str) -> None:
    answer = shop.post(_PATH, json={k: v for k, v in _PHONE.items() if k != field}, token=staff)

    assert (answer.status, answer.json["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("role", [Role.GUEST, Role.CUSTOMER, Role.FINANCE])
def test_only_staff(shop: Gateway, container: Container, role: Role) -> None:
    token = token_of(container, role)
    product_id = add_product(container.database)
    for answer in (
        shop.post(_PATH, json=_PHONE, token=token),
        shop.patch(f"{_PATH}/{product_id}", json={"name": "x", "version": 1}, token=token),
        shop.delete(f"{_PATH}/{product_id}", token=token),
    ):
        assert (answer.status, answer.code) == (403, "forbidden")
    assert shop.post(_PATH, json=_PHONE).status == 401


def test_change_with_the_etag(shop: Gateway, staff: str, container: Container) -> None:
    product_id = _create(shop, staff).json["id"]
    etag = shop.get(f"{_PATH}/{product_id}").headers["etag"]
    body = {"price": 949.5, "tags": ["sale"], "image_url": None}
    answer = shop.patch(f"{_PATH}/{product_id}", json=body, token=staff, headers={"If-Match": etag})
    read = shop.get(f"{_PATH}/{product_id}")

    assert answer.status == 200
    assert answer.json == {**read.json, "version": 2, "price": 949.5, "tags": ["sale"]}
    assert read.json["image_url"] is None
    assert read.headers["etag"] == answer.headers["etag"] != etag
    assert _events(container) == [("product.updated", 1), ("product.updated", 2)]


def test_a_stale_etag(shop: Gateway, staff: str) -> None:
    created = _create(shop, staff)
    path = f"{_PATH}/{created.json['id']}"
    old = {"If-Match": created.headers["etag"]}
    shop.patch(path, json={"name": "First"}, token=staff, headers=old)
    late = shop.patch(path, json={"name": "Second"}, token=staff, headers=old)
    nonsense = shop.patch(path, json={"name": "x"}, token=staff, headers={"If-Match": '"x"'})

    assert (late.status, late.code) == (412, "precondition_failed")
    assert nonsense.status == 412
    assert shop.get(path).json["name"] == "First"


def test_change_with_the_version(shop: Gateway, staff: str) -> None:
    path = f"{_PATH}/{_create(shop, staff).json['id']}"
    first = shop.patch(path, json={"name": "First", "version": 1}, token=staff)
    late = shop.patch(path, json={"name": "Second", "version": 1}, token=staff)

    assert (first.status, first.json["version"]) == (200, 2)
    assert (late.status, late.code) == (409, "version_conflict")
    assert shop.get(path).json["name"] == "First"


def test_change_without_either(shop: Gateway, staff: str) -> None:
    path = f"{_PATH}/{_create(shop, staff).json['id']}"
    answer = shop.patch(path, json={"name": "x"}, token=staff)

    assert (answer.status, answer.code) == (428, "precondition_required")


def test_a_change_of_the_stock_does_not_make_the_etag_stale(
    shop: Gateway, staff: str, container: Container
) -> None:
    created = _create(shop, staff)
    path = f"{_PATH}/{created.json['id']}"
    with container.database.transaction() as transaction:
        transaction.execute("UPDATE inventory SET quantity_on_hand = 9")
    answer = shop.patch(
        path, json={"name": "x"}, token=staff, headers={"If-Match": created.headers["etag"]}
    )

    assert answer.status == 200
    assert answer.headers["etag"] == shop.get(path).headers["etag"]
    assert answer.json["stock"] == 9


def test_nothing_to_change(shop: Gateway, staff: str, container: Container) -> None:
    path = f"{_PATH}/{_create(shop, staff).json['id']}"
    empty = shop.patch(path, json={"version": 1}, token=staff)
    same = shop.patch(path, json={"version": 1, "name": "Phone"}, token=staff)

    assert (empty.status, empty.code) == (400, "validation_failed")
    assert (same.status, same.json["version"]) == (200, 1)
    assert len(_events(container)) == 1


@pytest.mark.parametrize(
    "change", [{"sku": "NEW"}, {"stock": 3}, {"price": -1}, {"category": "shoes"}, {"name": None}]
)
def test_malformed_change(shop: Gateway, staff: str, change: dict[str, Any]) -> None:
    path = f"{_PATH}/{_create(shop, staff).json['id']}"
    answer = shop.patch(path, json={"version": 1, **change}, token=staff)

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_unknown_product(shop: Gateway, staff: str) -> None:
    for name in (uuid4(), "17"):
        for answer in (
            shop.patch(f"{_PATH}/{name}", json={"name": "x", "version": 1}, token=staff),
            shop.delete(f"{_PATH}/{name}", token=staff),
        ):
            assert (answer.status, answer.code) == (404, "product_not_found")


def test_deactivate_and_activate(shop: Gateway, staff: str, container: Container) -> None:
    created = _create(shop, staff)
    path = f"{_PATH}/{created.json['id']}"
    shop.get(path)
    assert shop.get(_PATH).json["total"] == 1
    stale = shop.delete(path, token=staff, headers={"If-Match": '"7-x"'})
    answers = [shop.delete(path, token=staff), shop.delete(path, token=staff)]

    assert stale.status == 412
    assert [(answer.status, answer.text) for answer in answers] == [(204, ""), (204, "")]
    assert shop.get(path).status == 404
    assert shop.get(_PATH).json["total"] == 0
    assert _events(container) == [("product.updated", 1), ("product.updated", 2)]

    shop.patch(path, json={"is_active": True, "version": 2}, token=staff)
    assert shop.get(path).json["version"] == 3


def test_a_change_is_seen_at_once(
    shop: Gateway, staff: str, container: Container, database: str, redis: str
) -> None:
    path = f"{_PATH}/{_create(shop, staff).json['id']}"
    with container_for(database, redis) as other:
        elsewhere = Gateway(other)
        for gateway in (shop, elsewhere):
            gateway.get(_PATH)
        shop.get(path)
        shop.patch(path, json={"name": "New", "version": 1}, token=staff)

        assert shop.get(path).json["name"] == "New"
        for gateway in (shop, elsewhere):
            assert gateway.get(_PATH).json["products"][0]["name"] == "New"


def test_redis_is_unavailable(database: str, container: Container) -> None:
    """The change itself needs a session; the event then invalidates the cache."""
    from shop.contracts.http.catalog import ChangeProduct
    from shop.domain.catalog import precondition
    from shop.services.catalog import change as product_changes

    product_id = add_product(container.database)
    with container_for(database, "redis://127.0.0.1:1") as alone:
        product_changes.change_product(
            alone.catalog_cache,
            alone.unit_of_work,
            product_id,
            ChangeProduct(name="New"),
            precondition(None, 1),
            currency="USD",
            correlation_id=str(uuid4()),
        )

    assert _events(container) == [("product.updated", 2)]
