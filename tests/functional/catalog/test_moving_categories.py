"""Moving and renaming categories: PATCH /api/admin/categories/{slug}, with what is below them."""

import json
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import audit_of
from tests.support.stock import query

_CATEGORIES = "/api/admin/categories"


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
    [*_, last] = audit_of(shop, staff, "camping")
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
