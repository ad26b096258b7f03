"""Schemathesis sends what the OpenAPI document allows, and what it forbids, to every operation.

Each answer is held to the document: its status, its media type, its headers and its body; a server error is a
failure. `make contract` sends far more requests.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shop.domain.sessions import Role
from tests.support import contract, databases
from tests.support.builders import add_categories, add_product
from tests.support.orders import OrderingShop
from tests.support.payments import paying_container
from tests.support.wsgi import Application

#: Requests to an operation, of each kind.
_REQUESTS: Final = int(os.environ.get("SHOP_CONTRACT_REQUESTS", "3"))
_CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]  # fmt: skip
_WIDE_RANGE: Final = re.compile(r"\\\\u[0-9a-f]{4}-\\\\u[0-9a-f]{4}")


def _document() -> dict[str, Any]:
    """Return the contract of an API that has no stage, with patterns that are quick to make texts for.

    Hypothesis takes seconds for a class of tens of thousands of characters.
    """
    text = json.dumps(contract.document(), ensure_ascii=False)
    return {**json.loads(_WIDE_RANGE.sub("", text)), "servers": [{"url": "/"}]}


def _operations() -> dict[str, Any]:
    found = {}
    for result in schemathesis.openapi.from_dict(_document()).get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found[operation.label] = operation
    return found


_OPERATIONS: Final = _operations()
#: What may be sent, and what is forbidden where there is a body or a query to get wrong.
_SENT: Final = [
    (label, mode)
    for label, operation in _OPERATIONS.items()
    for mode in GenerationMode
    if mode.is_positive or operation.body or operation.query
]


@dataclass(frozen=True, slots=True)
class _World:
    """A shop, and what paths may name in it."""

    shop: OrderingShop
    application: Application
    known: dict[str, str]

    def token(self, described: str) -> str:
        """Begin a session of a role that may call an operation."""
        roles = [role for role in Role if role.value in described] or [Role.CUSTOMER]
        return self.shop.shopper(roles[-1])


@pytest.fixture(scope="module")
def world(
    database_server: str, database_template: str, redis_url: str, stripe_url: str
) -> Iterator[_World]:
    """A shop with a product and an order, which all the requests share."""
    Redis.from_url(redis_url).flushall()
    limits = {"rate_limit_per_second": 10**6, "rate_limit_burst": 10**6}
    with (
        databases.copy_of(database_server, database_template) as url,
        paying_container(url, redis_url, stripe_url, **limits) as container,
    ):
        add_categories(container.database)
        product = add_product(container.database, on_hand=10**6)
        shop = OrderingShop(container)
        order = shop.order(shop.shopper(), product)
        known = {"product_id": str(product), "order_id": str(order), "slug": "phones"}
        yield _World(shop, Application(shop), known)


def test_every_operation_is_described() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in contract.document()["paths"].items()
        for method in methods
    }
    assert set(_OPERATIONS) == described


@pytest.mark.parametrize(("label", "mode"), _SENT)
def test_every_answer_is_documented(world: _World, label: str, mode: GenerationMode) -> None:
    operation = _OPERATIONS[label]
    token = world.token(operation.definition.raw.get("description", ""))

    @settings(
        max_examples=_REQUESTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), known=st.booleans())
    def send(case: Any, known: bool) -> None:
        if known:
            case.path_parameters.update(
                {name: world.known[name] for name in world.known if name in case.path_parameters}
            )
        headers = {"Authorization": f"Bearer {token}"}
        answer = case.call(base_url="http://shop", headers=headers, app=world.application)
        case.validate_response(answer, checks=_CHECKS)

    send()
