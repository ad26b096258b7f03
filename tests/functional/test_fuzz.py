"""Arbitrary requests to identity, catalog and cart succeed or are refused with a clear problem.

A refusal is problem+json with a status of the table, never a 5xx, and changes nothing.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.fuzz import (
    HEADER,
    JSON,
    RAW,
    SCALAR,
    TEXT,
    Target,
    encodable,
    unlimited_container,
)
from tests.support.people import token_of

_PRODUCTS = "/api/catalog/products"
_TABLES = ("customers", "products", "categories", "inventory", "outbox")

#: (method, path, role, fields of a good body)
_WRITES = [
    ("POST", "/api/customers", None, ("email", "password", "name")),
    ("POST", "/api/sessions", None, ("email", "password")),
    (
        "POST",
        _PRODUCTS,
        Role.STAFF,
        ("sku", "name", "price", "currency", "category", "tags", "image_url", "attributes"),
    ),
    ("PATCH", f"{_PRODUCTS}/{{product}}", Role.STAFF, ("name", "price", "version", "attributes")),
    ("DELETE", f"{_PRODUCTS}/{{other}}", Role.STAFF, ()),
    ("POST", "/api/cart/items", Role.GUEST, ("product_id", "quantity")),
    ("PATCH", "/api/cart/items/{product}", Role.GUEST, ("quantity",)),
    ("DELETE", "/api/cart/items/{other}", Role.GUEST, ()),
]

_fuzz = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def target(database: str, redis: str) -> Iterator[Target]:
    """A shop with one product."""
    with unlimited_container(database, redis) as container:
        yield Target(
            container,
            _TABLES,
            tokens={role: token_of(container, role) for role in (Role.STAFF, Role.GUEST)},
            names={"product": add_product(container.database, name="Phone"), "other": uuid4()},
        )


@pytest.mark.parametrize(("method", "path", "role", "fields"), _WRITES)
def test_bodies(
    target: Target, method: str, path: str, role: Role | None, fields: tuple[str, ...]
) -> None:
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, JSON)) if fields else JSON

    @_fuzz
    @given(body=known | JSON | RAW)
    def fuzz(body: Any) -> None:
        if isinstance(body, bytes):
            target.call(method, path, role, body=body)
        elif encodable(body):
            target.call(method, path, role, json=body)

    fuzz()


@pytest.mark.parametrize(
    "path", [_PRODUCTS, f"{_PRODUCTS}/{{product}}", "/api/catalog/categories", "/api/cart"]
)
def test_queries(target: Target, path: str) -> None:
    names = st.sampled_from(["category", "page", "per_page", "sort", "x", ""])

    @_fuzz
    @given(query=st.dictionaries(names, (SCALAR | st.lists(TEXT, max_size=3)).filter(encodable)))
    def fuzz(query: dict[str, Any]) -> None:
        role = Role.GUEST if path == "/api/cart" else None
        target.call("GET", path, role, query=query)

    fuzz()


@pytest.mark.parametrize(("method", "path", "role", "fields"), _WRITES)
def test_headers(
    target: Target, method: str, path: str, role: Role | None, fields: tuple[str, ...]
) -> None:
    names = st.sampled_from(
        ["If-Match", "If-None-Match", "Idempotency-Key", "X-Correlation-Id", "Content-Type"]
    )

    @_fuzz
    @given(headers=st.dictionaries(names, HEADER))
    def fuzz(headers: dict[str, str]) -> None:
        target.call(method, path, role, json={"nonsense": 1}, headers=headers)

    fuzz()


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, *_ in _WRITES])
def test_tokens(target: Target, method: str, path: str) -> None:
    @_fuzz
    @given(value=HEADER | HEADER.map("Bearer {}".format))
    def fuzz(value: str) -> None:
        answer = target.call(method, path, None, body="{", headers={"Authorization": value})
        assert answer.status in {400, 401}

    fuzz()


@_fuzz
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text))
def test_ids(target: Target, name: str) -> None:
    from urllib.parse import quote

    for method, path, role in (
        ("GET", _PRODUCTS, None),
        ("PATCH", _PRODUCTS, Role.STAFF),
        ("DELETE", "/api/cart/items", Role.GUEST),
    ):
        body = {"version": 1, "name": "x"} if method == "PATCH" else None
        answer = target.call(method, f"{path}/{quote(name, safe='')}", role, json=body)
        assert answer.status == 404
