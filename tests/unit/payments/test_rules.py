"""The rules of `shop.domain.payments`."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shop.domain.ids import new_id
from shop.domain.payments import (
    ACTION_GRACE,
    KEY_LIFETIME,
    OPEN,
    Attempt,
    Intent,
    IntentStatus,
    PaymentStatus,
    Verdict,
    charge_key,
    public_decline_code,
)
from shop.domain.refunds import refund_key
from tests.support.builders import TOTAL_MINOR

ATTEMPT = Attempt(
    correlation_id=new_id(),
    order_id=new_id(),
    attempt=1,
    status=PaymentStatus.PROCESSING,
    amount_minor=TOTAL_MINOR,
    currency="USD",
    payment_method_id="pm_card_visa",
    payment_intent_id="pi_1",
    failure_code=None,
    age=timedelta(0),
)


def intent(status: IntentStatus, amount: int = TOTAL_MINOR, currency: str = "USD") -> Intent:
    return Intent(intent_id="pi_1", status=status, amount_minor=amount, currency=currency)


@pytest.mark.parametrize("status", IntentStatus)
def test_only_the_right_amount_of_a_succeeded_intent_pays(status: IntentStatus) -> None:
    verdict = ATTEMPT.judge(intent(status))
    assert (verdict is Verdict.PAID) is (status is IntentStatus.SUCCEEDED)


@pytest.mark.parametrize(("amount", "currency"), [(TOTAL_MINOR - 1, "USD"), (TOTAL_MINOR, "EUR")])
def test_the_wrong_amount(amount: int, currency: str) -> None:
    paid = intent(IntentStatus.SUCCEEDED, amount, currency)
    assert ATTEMPT.judge(paid) is Verdict.WRONG_AMOUNT


def test_keys_are_stable_and_distinct() -> None:
    order_id = new_id()
    assert charge_key(order_id, 1) == f"order:{order_id}:attempt:1"
    assert len({charge_key(order_id, 1), charge_key(order_id, 2), charge_key(new_id(), 1)}) == 3
    refund_id = new_id()
    assert refund_key(refund_id) == f"refund:{refund_id}"


@pytest.mark.parametrize("code", ["stolen_card", "fraudulent", "lost_card", None])
def test_codes_that_help_thieves_are_hidden(code: str | None) -> None:
    assert public_decline_code(code) == "generic_decline"


def test_customers_see_codes_that_help_them() -> None:
    assert public_decline_code("insufficient_funds") == "insufficient_funds"


@pytest.mark.parametrize("status", PaymentStatus)
def test_an_attempt_is_settled_by_its_own_intent_alone(status: PaymentStatus) -> None:
    attempt = replace(ATTEMPT, status=status)
    own = intent(IntentStatus.SUCCEEDED)
    assert attempt.is_settled_by(own) is (status not in OPEN)
    assert not attempt.is_settled_by(replace(own, intent_id="pi_2"))


def test_an_attempt_grows_too_old_to_repeat_and_to_wait_for() -> None:
    assert ATTEMPT.may_be_repeated
    assert not replace(ATTEMPT, age=KEY_LIFETIME).may_be_repeated
    assert not ATTEMPT.is_abandoned
    assert replace(ATTEMPT, overdue=ACTION_GRACE + timedelta(seconds=1)).is_abandoned
