"""What the finance API refuses, with the field named."""

from datetime import UTC, datetime, timedelta

import pytest

from shop.domain.sessions import Role
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.ledger import FinanceClient, LedgerBuilder, day
from tests.support.people import token_of

_PERIODS = ["costs", "costs.csv", "costs.jsonl", "unit-economics", "report"]
_NOW = datetime.now(UTC)


@pytest.fixture
def _begun(ledger: LedgerBuilder) -> None:
    ledger.invocation(datetime.now(UTC) - timedelta(days=400))
    ledger.invocation(datetime.now(UTC) - timedelta(minutes=1))


@pytest.mark.usefixtures("_begun")
@pytest.mark.parametrize("what", _PERIODS)
@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"from": "2026-13-01"}, "from", "must be a day such as"),
        ({"from": "2026-02-30"}, "from", "must be a day such as"),
        ({"to": "tomorrow"}, "to", "must be a day such as"),
        ({"to": "2026-01-01T10:00:00+02:00"}, "to", "must be a day such as"),
        ({"from": ""}, "from", "must be a day such as"),
        ({"from": day(_NOW, -3), "to": day(_NOW, -4)}, "to", "must be after from"),
        ({"from": day(_NOW, -3), "to": day(_NOW, -3)}, "to", "must be after from"),
        ({"from": day(_NOW, 2)}, "from", "must not be in the future"),
        ({"to": day(_NOW, 2)}, "to", "must not be after"),
        ({"from": "9999-12-31"}, "from", "must not be in the future"),
        ({"from": day(_NOW, -390)}, "from", "must be at most 366 days before to"),
        ({"from": "0001-01-01"}, "from", "must be at most 366 days before to"),
        ({"to": "0001-01-01"}, "to", "when the ledger begins"),
        ({"from": day(_NOW, -420), "to": day(_NOW, -300)}, "from", "when the ledger begins"),
        ({"days": "30"}, "days", "is not a field of this request"),
    ],
)
def test_a_malformed_period(
    finance: FinanceClient, what: str, query: dict[str, str], field: str, message: str
) -> None:
    answer = finance.get(what, **query)

    assert (answer.status, answer.code) == (400, "validation_failed")
    (error,) = answer.json["errors"]
    assert error["field"] == field
    assert message in error["message"]


@pytest.mark.usefixtures("_begun")
def test_an_unknown_group(finance: FinanceClient) -> None:
    answer = finance.get("costs", group_by="customer")

    assert (answer.status, answer.code) == (400, "validation_failed")
    (error,) = answer.json["errors"]
    assert error == {"field": "group_by", "message": "must be one of day, flow, function, service"}


@pytest.mark.parametrize("what", _PERIODS)
@pytest.mark.usefixtures("ledger")
def test_an_empty_ledger_is_an_error_and_not_zero(finance: FinanceClient, what: str) -> None:
    answer = finance.get(what)

    assert (answer.status, answer.code) == (404, "costs_not_recorded")


@pytest.mark.parametrize("what", [*_PERIODS, "orders/0199e8a0-2222-7a2b-8c3d-4e5f60718293/cost"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.FINANCE, Role.SERVICE}))
def test_other_roles_are_refused(
    shop: Gateway, container: Container, what: str, role: Role
) -> None:
    answer = shop.get(f"/api/finance/{what}", token=token_of(container, role))
    assert (answer.status, answer.code) == (403, "forbidden")

    answer = shop.get(f"/api/finance/{what}")
    assert (answer.status, answer.code) == (401, "session_required")
