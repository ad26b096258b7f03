"""Arbitrary requests to identity, catalog and cart succeed or are refused with a clear problem.

A refusal is problem+json with a status of the table, never a 5xx, and changes nothing.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.contracts.problems import PROBLEMS
from shop.domain.sessions import Role
from tests.support.builders import add_categories, add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of

_PRODUCTS = "/api/catalog/products"
_TABLES = ("customers", "products", "categories", "inventory", "outbox")

_text = st.text(max_size=60) | st.sampled_from(
    ["", " ", "\x00", "\ud7ff", "🛒", "'; DROP TABLE products; --", "%", "../..", "null", "1e400"]
)
_number = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0])
)
_scalar = st.none() | st.booleans() | _number | _text
_json: st.SearchStrategy[Any] = st.recursive(
    _scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4)
)
_raw = st.binary(max_size=80) | st.sampled_from(
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"quantity": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000"}',
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"a":' * 5_000,
        b" " * 70_000,
        b'{"quantity": ' + b"9" * 5_000 + b"}",
    ]
)
_header = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80)

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


class _Target:
    """A shop with one product, and what it holds."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.shop = Gateway(container)
        self.product = add_product(container.database, name="Phone")
        self.tokens = {role: token_of(container, role) for role in (Role.STAFF, Role.GUEST)}

    def contents(self) -> list[Any]:
        with self.container.database.transaction() as transaction:
            counts: list[Any] = [
                transaction.rows(
                    f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
                )
                for table in _TABLES
            ]
        carts = sorted(self.container.redis.keys("cart:*"))
        return [*counts, *(self.container.redis.hgetall(key) for key in carts)]

    def call(self, method: str, path: str, role: Role | None, **options: Any) -> Response:
        path = path.format(product=self.product, other=uuid4())
        before = self.contents()
        answer = self.shop.call(method, path, token=self.tokens[role] if role else None, **options)
        check(answer)
        if answer.status >= 400:
            assert self.contents() == before
        return answer


def check(answer: Response) -> None:
    """Check an answer against the contract of every answer."""
    assert answer.status < 500, answer.text
    assert answer.headers["x-request-id"]
    if answer.status >= 400:
        assert answer.code in PROBLEMS
        assert PROBLEMS[answer.code].status == answer.status == answer.json["status"]


@pytest.fixture
def target(database: str, redis: str) -> Iterator[_Target]:
    with container_for(
        database, redis, rate_limit_per_second=10**6, rate_limit_burst=10**6
    ) as made:
        add_categories(made.database)
        yield _Target(made)


@pytest.mark.parametrize(("method", "path", "role", "fields"), _WRITES)
def test_bodies(
    target: _Target, method: str, path: str, role: Role | None, fields: tuple[str, ...]
) -> None:
    known = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, _json)) if fields else _json

    @_fuzz
    @given(body=known | _json | _raw)
    def fuzz(body: Any) -> None:
        target.container.redis.delete(*_login_counters(target.container))
        if isinstance(body, bytes):
            target.call(method, path, role, body=body)
        elif _encodable(body):
            target.call(method, path, role, json=body)

    fuzz()


@pytest.mark.parametrize(
    "path", [_PRODUCTS, f"{_PRODUCTS}/{{product}}", "/api/catalog/categories", "/api/cart"]
)
def test_queries(target: _Target, path: str) -> None:
    names = st.sampled_from(["category", "page", "per_page", "sort", "x", ""])

    @_fuzz
    @given(query=st.dictionaries(names, (_scalar | st.lists(_text, max_size=3)).filter(_encodable)))
    def fuzz(query: dict[str, Any]) -> None:
        role = Role.GUEST if path == "/api/cart" else None
        target.call("GET", path, role, query=query)

    fuzz()


@pytest.mark.parametrize(("method", "path", "role", "fields"), _WRITES)
def test_headers(
    target: _Target, method: str, path: str, role: Role | None, fields: tuple[str, ...]
) -> None:
    names = st.sampled_from(
        ["If-Match", "If-None-Match", "Idempotency-Key", "X-Correlation-Id", "Content-Type"]
    )

    @_fuzz
    @given(headers=st.dictionaries(names, _header))
    def fuzz(headers: dict[str, str]) -> None:
        target.call(method, path, role, json={"nonsense": 1}, headers=headers)

    fuzz()


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, *_ in _WRITES])
def test_tokens(target: _Target, method: str, path: str) -> None:
    @_fuzz
    @given(value=_header | _header.map("Bearer {}".format))
    def fuzz(value: str) -> None:
        answer = target.call(method, path, None, body="{", headers={"Authorization": value})
        assert answer.status in {400, 401}

    fuzz()


@_fuzz
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text))
def test_ids(target: _Target, name: str) -> None:
    from urllib.parse import quote

    for method, path, role in (
        ("GET", _PRODUCTS, None),
        ("PATCH", _PRODUCTS, Role.STAFF),
        ("DELETE", "/api/cart/items", Role.GUEST),
    ):
        body = {"version": 1, "name": "x"} if method == "PATCH" else None
        answer = target.call(method, f"{path}/{quote(name, safe='')}", role, json=body)
        assert answer.status == 404


def _login_counters(container: Container) -> list[str]:
    return ["none", *map(str, container.redis.keys("logins:*"))]


def _encodable(value: Any) -> bool:
    """Return whether it has a form in UTF-8 and JSON; everything else is in `_raw`."""
    import msgspec

    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError, msgspec.MsgspecError):
        return False
    return True
