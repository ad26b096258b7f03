"""The rules of `shop.domain.payments`."""

import pytest

from shop.domain.ids import new_id
from shop.domain.payments import (
    Intent,
    IntentStatus,
    Verdict,
    charge_key,
    judge,
    public_decline_code,
    refund_key,
)
from tests.support.payments import TOTAL_MINOR


def intent(status: IntentStatus, amount: int = TOTAL_MINOR, currency: str = "USD") -> Intent:
    return Intent(intent_id="pi_1", status=status, amount_minor=amount, currency=currency)


@pytest.mark.parametrize("status", IntentStatus)
def test_only_the_right_amount_of_a_succeeded_intent_pays(status: IntentStatus) -> None:
    verdict = judge(intent(status), amount_minor=TOTAL_MINOR, currency="USD")
    assert (verdict is Verdict.PAID) is (status is IntentStatus.SUCCEEDED)


@pytest.mark.parametrize(("amount", "currency"), [(TOTAL_MINOR - 1, "USD"), (TOTAL_MINOR, "EUR")])
def test_the_wrong_amount(amount: int, currency: str) -> None:
    paid = intent(IntentStatus.SUCCEEDED, amount, currency)
    assert judge(paid, amount_minor=TOTAL_MINOR, currency="USD") is Verdict.WRONG_AMOUNT


def test_keys_are_stable_and_distinct() -> None:
    order_id = new_id()
    assert charge_key(order_id, 1) == f"order:{order_id}:attempt:1"
    assert len({charge_key(order_id, 1), charge_key(order_id, 2), charge_key(new_id(), 1)}) == 3
    assert refund_key("pi_1") == "refund:pi_1"


@pytest.mark.parametrize("code", ["stolen_card", "fraudulent", "lost_card", None])
def test_thieves_learn_nothing(code: str | None) -> None:
    assert public_decline_code(code) == "generic_decline"


def test_customers_learn_what_helps() -> None:
    assert public_decline_code("insufficient_funds") == "insufficient_funds"
