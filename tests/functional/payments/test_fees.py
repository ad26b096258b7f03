"""Stripe's fee for a charge is recorded from its balance transaction, once."""

import pytest

from tests.support.builders import place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay
from tests.support.stock import query

_RECONCILE = "payments/reconcile_payments"


def _age(container: Container, age: str) -> None:
    query(
        container.settings.database_url,
        "UPDATE payments SET updated_at = now() - %s::interval",
        (age,),
    )


def _fees(container: Container) -> list[tuple[object, ...]]:
    return list(
        query(
            container.settings.database_url,
            "SELECT payment_intent_id, balance_transaction_id LIKE 'txn_%%', fee_minor, currency"
            " FROM payment_fees JOIN payments USING (payment_intent_id, currency)",
        )
    )


def test_the_fee_is_read_a_minute_later(shop: Gateway, container: Container) -> None:
    intent = pay(shop, place_order(container)).json["payment_intent_id"]
    assert shop.invoke(_RECONCILE, {}) == {}
    assert _fees(container) == []

    _age(container, "2 minutes")
    assert shop.invoke(_RECONCILE, {}) == {"fee_recorded": 1}
    # 2.9 % of 24.99, and 0.30
    assert _fees(container) == [(intent, True, 102, "USD")]
    assert shop.invoke(_RECONCILE, {}) == {}


@pytest.mark.parametrize("method", ["pm_card_chargeDeclined", "pm_card_authenticationRequired"])
def test_a_payment_that_was_not_charged_has_no_fee(
    shop: Gateway, container: Container, method: str
) -> None:
    pay(shop, place_order(container), method)
    _age(container, "2 minutes")

    assert "fee_recorded" not in shop.invoke(_RECONCILE, {})
    assert _fees(container) == []


def test_a_missing_fee_is_not_requested_for_ever(shop: Gateway, container: Container) -> None:
    pay(shop, place_order(container))
    _age(container, "8 days")

    assert shop.invoke(_RECONCILE, {}) == {}
