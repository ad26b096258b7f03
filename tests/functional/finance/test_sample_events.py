"""The sample events of events/finance, replayed."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.ledger import LedgerBuilder
from tests.support.people import token_of

_ORDER = UUID("0199e8a0-2222-7a2b-8c3d-4e5f60718293")
_BEGUN = datetime(2025, 10, 1, 9, tzinfo=UTC)


def _sample(function: str, token: str) -> Any:
    event = json.loads((CHECKOUT / f"events/finance/{function}.json").read_text())
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    return event


@pytest.mark.parametrize(
    "function",
    ["get_costs", "export_costs_csv", "export_costs_jsonl", "get_order_cost", "get_unit_economics",
     "get_report"],
)  # fmt: skip
def test_endpoint(
    shop: Gateway, container: Container, ledger: LedgerBuilder, function: str
) -> None:
    add_order(container.database, order_id=_ORDER, created_at=_BEGUN)
    ledger.invocation(_BEGUN, orders=[_ORDER])
    event = _sample(function, token_of(container, Role.FINANCE))

    answer = shop.invoke(f"finance/{function}", event)

    assert answer["statusCode"] == 200
