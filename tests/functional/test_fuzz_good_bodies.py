"""A good body with garbage in some of its parts: of accounts, of links by e-mail, and of staff.

A refusal is problem+json with a status of the table, never a 5xx, and changes nothing.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.domain.customers import Customer
from shop.domain.ids import new_id
from shop.domain.passwords import hash_password
from shop.domain.sessions import Role
from tests.support.builders import add_product, place_order
from tests.support.carts import add_to_cart
from tests.support.fuzz import SCALAR, TEXT, Target, encodable, spoiled, unlimited_container
from tests.support.gateway import Gateway
from tests.support.orders import ADDRESS
from tests.support.people import token_of

_TABLES = (
    "customers", "customer_addresses", "links", "orders", "order_notes", "refunds", "products",
    "categories", "tax_rates", "shipping_rates", "audit_log", "outbox",
)  # fmt: skip
_PASSWORD = "correct horse"
_CUSTOMER, _STAFF, _GUEST = Role.CUSTOMER, Role.STAFF, Role.GUEST
_ORDERS = "/api/admin/orders"
_RATE = {"country": "US", "region": "CA", "percent": 7.25, "on_shipping": True}
_PARCEL = {
    "country": "*",
    "method": "standard",
    "price": 5.99,
    "free_from": 50.0,
    "delivery_days": 5,
}

#: (method, path, role, a good body)
_WRITES: list[tuple[str, str, Role | None, Any]] = [
    ("PATCH", "/api/customers/me", _CUSTOMER,
     {"name": "Ada", "email": "b@shop.example", "current_password": _PASSWORD}),
    ("POST", "/api/customers/verification", _CUSTOMER, {}),
    ("POST", "/api/customers/verification/{link}", None, {}),
    ("POST", "/api/password-resets", None, {"email": "ada@shop.example"}),
    ("POST", "/api/password-resets/{link}", None, {"password": _PASSWORD}),
    ("POST", "/api/orders/lookup", None, {"number": "0000-0000-0000", "email": "a@shop.example"}),
    ("POST", "/api/customers/me/addresses", _CUSTOMER,
     ADDRESS | {"line2": "Flat 2", "is_default": True}),
    ("PATCH", "/api/customers/me/addresses/{address}", _CUSTOMER,
     ADDRESS | {"line2": None, "is_default": False}),
    ("POST", "/api/cart/quote", _GUEST,
     {"shipping_address": ADDRESS, "shipping_method": "standard"}),
    ("POST", "/api/cart/quote", _GUEST, {"country": "US", "region": "CA", "postal_code": "94105"}),
    ("POST", "/api/admin/categories", _STAFF,
     {"slug": "tents", "name": "Tents", "parent": "electronics"}),
    ("PATCH", "/api/admin/categories/phones", _STAFF, {"name": "Phones", "parent": "electronics"}),
    ("POST", f"{_ORDERS}/{{order}}/notes", _STAFF, {"text": "Rang."}),
    ("POST", "/api/orders/{order}/ship", _STAFF,
     {"carrier": "UPS", "tracking_number": "1Z", "estimated_delivery": "2026-12-24"}),
    ("POST", "/api/orders/{order}/deliver", _STAFF, {}),
    ("PUT", "/api/admin/tax-rates", _STAFF,
     {"rates": [_RATE, {"country": "*", "percent": 0}], "valid_from": "2099-01-01T00:00:00Z"}),
    ("PUT", "/api/admin/shipping-rates", _STAFF,
     {"rates": [_PARCEL], "valid_from": "2099-01-01T00:00:00Z"}),
]  # fmt: skip
_READS = [
    (_ORDERS, ("status", "email", "number", "sku", "created_from", "created_to", "needs", "limit", "cursor")),
    ("/api/admin/audit", ("actor_id", "subject", "subject_id", "limit", "cursor")),
    ("/api/admin/products", ("active", "sku", "q", "limit", "cursor")),
    ("/api/admin/dead-messages", ("queue", "limit", "cursor")),
    ("/api/admin/undeliverable-mail", ("limit", "cursor")),
]  # fmt: skip
#: No guest has a link with this token.
_LINK = "kXw5vJmP0tq2Y9c1rZbN7uLhD3sFgA8eQoT6yVi4WxE"  # pragma: allowlist secret

_fuzz = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def target(database: str, redis: str) -> Iterator[Target]:
    """A shop with a customer who keeps an address, an order, and a guest with a cart."""
    with unlimited_container(database, redis) as container:
        shop = Gateway(container)
        customer_id = new_id()
        with container.unit_of_work(publish=False) as unit:
            unit.customers.add(
                Customer(
                    user_id=customer_id,
                    email="ada@shop.example",
                    name="Ada",
                    password_hash=hash_password(_PASSWORD),
                )
            )
        tokens = {role: token_of(container, role) for role in (_STAFF, _GUEST)}
        tokens[_CUSTOMER] = token_of(container, _CUSTOMER, customer_id)
        add_to_cart(shop, tokens[_GUEST], add_product(container.database))
        kept = shop.post("/api/customers/me/addresses", json=ADDRESS, token=tokens[_CUSTOMER])
        names = {
            "order": place_order(container).order_id,
            "address": kept.json["address_id"],
            "link": _LINK,
        }
        yield Target(container, _TABLES, tokens=tokens, names=names)


@pytest.mark.parametrize(("method", "path", "role", "good"), _WRITES)
def test_garbage_in_a_good_body(
    target: Target, method: str, path: str, role: Role | None, good: Any
) -> None:
    # The prefix is valid: it is refused for what it asks for at most, not for its form.
    assert target.call(method, path, role, json=good).code != "validation_failed"

    @_fuzz
    @given(body=spoiled(good))
    def fuzz(body: Any) -> None:
        if encodable(body):
            target.call(method, path, role, json=body)

    fuzz()


@pytest.mark.parametrize(("path", "names"), _READS)
def test_garbage_in_a_query(target: Target, path: str, names: tuple[str, ...]) -> None:
    assert target.call("GET", path, _STAFF).status == 200

    @_fuzz
    @given(
        query=st.dictionaries(
            st.sampled_from([*names, "x", ""]),
            (SCALAR | st.lists(TEXT, max_size=3)).filter(encodable),
            max_size=3,
        )
    )
    def fuzz(query: dict[str, Any]) -> None:
        target.call("GET", path, _STAFF, query=query)

    fuzz()


@_fuzz
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text))
@pytest.mark.parametrize(
    ("method", "path", "role", "body"),
    [
        ("GET", "/api/customers/me/addresses", _CUSTOMER, None),
        ("PATCH", "/api/customers/me/addresses", _CUSTOMER, {"line1": "1 Main Street"}),
        ("DELETE", "/api/customers/me/addresses", _CUSTOMER, None),
        ("PATCH", "/api/admin/categories", _STAFF, {"name": "X"}),
        ("DELETE", "/api/admin/categories", _STAFF, None),
        ("GET", _ORDERS, _STAFF, None),
        ("POST", "/api/password-resets", None, {"password": _PASSWORD}),
    ],
)
def test_garbage_as_a_name(
    target: Target, method: str, path: str, role: Role | None, body: Any, name: str
) -> None:
    from urllib.parse import quote

    quoted = quote(name, safe="").replace("{", "%7B").replace("}", "%7D")
    assert target.call(method, f"{path}/{quoted}", role, json=body).status in (400, 404)
