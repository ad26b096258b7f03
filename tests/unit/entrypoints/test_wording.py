"""Messages about invalid fields, which never contain a regular expression or a type's name."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from documents.handlers import operation
from shop.contracts.http.catalog import CreateProduct, ListProducts
from shop.contracts.http.identity import CreateCustomer
from shop.contracts.http.inventory import ReserveStock
from shop.contracts.http.orders import Checkout
from shop.contracts.http.patterns import WANTED
from shop.contracts.http.payments import ProcessPayment
from shop.domain.errors import InvalidRequest
from shop.entrypoints.parsing import parse_body, parse_json_parameter, parse_query
from shop_local.functions import declared


class Sent(msgspec.Struct):
    body: bytes = b""
    query: dict[str, list[str]] = {}
    headers: dict[str, str] = {}


def _refusal(kind: Any, body: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        parse_body(Sent(body=msgspec.json.encode(body)), kind)
    (error,) = refusal.value.errors
    return error.field, error.message


CUSTOMER = {"email": "ada@shop.example", "password": "correct horse", "name": "Ada"}
PRODUCT = {"sku": "A-1", "name": "Phone", "price": 1.5, "currency": "USD", "category": "phones"}
ID = "0199e8a0-1111-7a2b-8c3d-4e5f60718293"


@pytest.mark.parametrize(
    ("kind", "body", "field", "message"),
    [
        (CreateCustomer, CUSTOMER | {"email": "ada"}, "email", "must be an e-mail address"),
        (CreateCustomer, CUSTOMER | {"name": "x" * 201}, "name", "must have at most 200 characters"),
        (CreateCustomer, CUSTOMER | {"name": ""}, "name", "must have at least 1 character"),
        (CreateCustomer, CUSTOMER | {"name": 1}, "name", "must be text"),
        (CreateCustomer, CUSTOMER | {"admin": True}, "admin", "is not a field of this request"),
        (CreateCustomer, {"email": "ada@shop.example"}, "password", "is required"),
        (CreateCustomer, [], "body", "must be an object"),
        (CreateProduct, PRODUCT | {"price": "1.50"}, "price", "must be a number"),
        (
            CreateProduct,
            PRODUCT | {"currency": "usd"},
            "currency",
            "must be an ISO 4217 currency code such as USD",
        ),
        (CreateProduct, PRODUCT | {"tags": ["a", " "]}, "tags[1]", "must be one line of text, not blank"),
        (CreateProduct, PRODUCT | {"tags": ["a"] * 31}, "tags", "must have at most 30 items"),
        (
            CreateProduct,
            PRODUCT | {"attributes": {f"a{n}": 1 for n in range(51)}},
            "attributes",
            "must have at most 50 entries",
        ),
        (ProcessPayment, {"order_id": "1", "payment_method_id": "pm_1"}, "order_id", "must be a UUID"),
        (
            ProcessPayment,
            {"order_id": ID, "payment_method_id": "4242"},
            "payment_method_id",
            "must be the id of a payment method, such as pm_card_visa",
        ),
        (
            ReserveStock,
            {"order_id": ID, "items": [{"product_id": ID, "quantity": 0}]},
            "items[0].quantity",
            "must be at least 1",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field(kind: Any, body: Any, field: str, message: str) -> None:
    assert _refusal(kind, body) == (field, message)


def test_a_choice_lists_the_allowed_values() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_query(Sent(query={"sort": ["cheapest"]}), ListProducts)
    assert refusal.value.errors == (("sort", "must be one of newest, price_asc, price_desc"),)


def test_a_parameter_that_is_json_names_the_field_inside() -> None:
    class Filters(msgspec.Struct, forbid_unknown_fields=True):
        colour: str = ""

    for text, expected in (
        ('{"color": "red"}', ("filters.color", "is not a field of this request")),
        ("[]", ("filters", "must be an object")),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            parse_json_parameter(text, Filters, "filters")
        assert refusal.value.errors == (expected,)


def _patterns(info: inspect.Type, seen: set[Any]) -> Iterator[str]:
    if isinstance(info, inspect.StrType) and info.pattern is not None:
        yield info.pattern
    inner: list[inspect.Type] = []
    if isinstance(info, inspect.StructType) and info.cls not in seen:
        seen.add(info.cls)
        inner = [field.type for field in info.fields]
    elif isinstance(info, inspect.ListType):
        inner = [info.item_type]
    elif isinstance(info, inspect.DictType):
        inner = [info.key_type, info.value_type]
    elif isinstance(info, inspect.UnionType):
        inner = list(info.types)
    elif isinstance(info, inspect.Metadata):
        inner = [info.type]
    for one in inner:
        yield from _patterns(one, seen)


def test_every_pattern_of_a_request_has_its_words() -> None:
    kinds: list[Any] = [Checkout]
    for function in declared():
        if function.route:
            made = operation(function)
            kinds += [made.body, made.query, *made.json_query.values()]
    used = {
        pattern
        for kind in kinds
        if kind not in (None, bytes)
        for pattern in _patterns(inspect.type_info(kind), set())
    }
    assert used == set(WANTED)
