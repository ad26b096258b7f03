"""Each function has the environment variables that its code reads, and no others."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shop_local.functions import Function, declared
from tests.support.function_settings import read_by
from tests.support.transformed import of_type
from tests.unit.test_imports import LOADS

_SECRETS_OF_STRIPE = {"SHOP_STRIPE_KEY", "SHOP_STRIPE_SECRET", "SHOP_STRIPE_WEBHOOK_SECRET"}
#: What the use of a server needs, by the names of the table of imports.
_NEEDS = {
    "http": {"SHOP_API_BASE"},
    "postgres": {"SHOP_DATABASE_URL", "SHOP_DATABASE_SECRET"},
    "redis": {"SHOP_REDIS_URL", "SHOP_REDIS_SECRET"},
    "rabbitmq": {"SHOP_RABBITMQ_URL", "SHOP_RABBITMQ_SECRET"},
    "opensearch": {"SHOP_OPENSEARCH_URL", "SHOP_OPENSEARCH_SECRET"},
    "stripe": _SECRETS_OF_STRIPE | {"SHOP_STRIPE_URL"},
}
#: The health check asks OpenSearch without its driver.
_WITHOUT_DRIVER = {"platform/get_health": {"opensearch"}}


@cache
def _functions() -> dict[str, dict[str, Any]]:
    return of_type("AWS::Lambda::Function")


def _variables(function: Function) -> dict[str, Any]:
    variables: dict[str, Any] = _functions()[function.logical_id]["Environment"]["Variables"]
    return variables


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_a_function_has_the_settings_that_its_code_reads_and_no_others(function: Function) -> None:
    given, read = set(_variables(function)), read_by(function.folder / "handler.py")
    assert given - read == set(), "nothing that this function imports reads them"
    assert read - given == set(), "put them under Environment in infra/template.yaml"


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_a_function_has_the_addresses_and_secrets_of_what_it_connects_to_and_no_others(
    function: Function,
) -> None:
    uses = {*LOADS[function.title].split(), *_WITHOUT_DRIVER.get(function.title, ())}
    expected = {name for use, names in _NEEDS.items() if use in uses for name in names}
    assert set(_variables(function)) & set().union(*_NEEDS.values()) == expected


def test_only_what_charges_and_refunds_holds_keys_of_stripe() -> None:
    holders = {each.title for each in declared() if _SECRETS_OF_STRIPE & set(_variables(each))}
    assert holders == {
        "orders/cancel_order",
        "orders/receive_return",
        "orders/refund_order",
        "orders/refund_return",
        "payments/charge_order",
        "payments/process_payment",
        "payments/receive_webhook",
        "payments/reconcile_payments",
    }


def test_a_function_is_told_the_architecture_that_it_runs_on() -> None:
    for logical_id, function in _functions().items():
        told = function["Environment"]["Variables"].get("SHOP_ARCHITECTURE")
        assert told in {None, *function["Architectures"]}, logical_id


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("import os\nlevel = os.environ.get('SHOP_LOG_LEVEL', '')\n", {"SHOP_LOG_LEVEL"}),
        ("def make(settings):\n    return settings.redis_url\n", {"SHOP_REDIS_URL"}),
        ("x = environment().settings.currency\n", {"SHOP_CURRENCY"}),
        ("settings = 1\nother.redis_url\nsettings.no_setting\n", set()),
        ("def late():\n    from shop.bootstrap import redis\n", set()),
    ],
)
def test_a_reading_of_settings_is_found(tmp_path: Path, source: str, read: set[str]) -> None:
    handler = tmp_path / "handler.py"
    handler.write_text(source)
    assert read_by(handler) == read
    handler_of_health = "from shop.bootstrap.health import dependencies\n"
    (tmp_path / "another.py").write_text(source + handler_of_health)
    assert read_by(tmp_path / "another.py") >= read | {"SHOP_STRIPE_CONFIGURED"}
