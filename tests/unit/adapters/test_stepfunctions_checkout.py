"""The checkout's state machine through Step Functions, on botocore's model of the call."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from botocore.exceptions import ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from shop.adapters.aws.step_functions import StepFunctionsCheckout
from shop.contracts.http.payments import PaymentView
from shop.contracts.tasks import PlacedOrder, PlaceOrder, Refusal
from shop.domain.cart import CartItem
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    FieldError,
    InsufficientStock,
    InvalidRequest,
    PaymentDeclined,
    PaymentOutcomeUnknown,
    ShopError,
)
from shop.domain.ids import new_id
from shop.domain.orders import OrderLine, OrderStatus, PriceChange
from tests.support.builders import an_order

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:checkout"
COMMAND = PlaceOrder(
    cart_id=new_id(),
    order_id=new_id(),
    user_id=new_id(),
    email=None,
    items=[CartItem(new_id(), 2, 999)],
    shipping_address={"country": "US"},
    shipping_method="standard",
    payment_method_id="pm_card_visa",
    correlation_id=new_id(),
)
PLACED = PlacedOrder(
    order=an_order(
        order_id=COMMAND.order_id,
        user_id=COMMAND.user_id,
        email=None,
        subtotal_minor=1998,
        total_minor=1998,
        shipping_address={"country": "US"},
        correlation_id=COMMAND.correlation_id,
        lines=(OrderLine(product_id=new_id(), name="Thing", unit_price_minor=999, quantity=2),),
    ),
    price_changes=[PriceChange(product_id=new_id(), seen_price_minor=1, price_minor=2)],
    payment=PaymentView(COMMAND.order_id, OrderStatus.PAID, "pi_1"),
)


class Checkout(StepFunctionsCheckout):
    """The adapter, and what stands for its client."""

    stubber: Stubber


@pytest.fixture
def machine(aws: None) -> Iterator[Checkout]:
    adapter = Checkout(ARN)
    with Stubber(adapter._client) as stubber:
        adapter.stubber = stubber
        yield adapter


def answer(machine: Checkout, status: str, **fields: Any) -> None:
    execution = f"{ARN.replace('stateMachine', 'express')}:x"
    machine.stubber.add_response(
        "start_sync_execution",
        {
            "executionArn": execution,
            "startDate": datetime.now(UTC),
            "stopDate": datetime.now(UTC),
            "status": status,
            **fields,
        },
        {"stateMachineArn": ARN, "name": ANY, "input": msgspec.json.encode(COMMAND).decode()},
    )


def failed(error: ShopError) -> dict[str, str]:
    refusal = Refusal(error.code, error.detail, list(error.errors))
    message = msgspec.json.encode(refusal).decode()
    cause = {"errorMessage": message, "errorType": type(error).__name__, "stackTrace": []}
    return {"error": type(error).__name__, "cause": json.dumps(cause)}


def test_an_order_is_placed(machine: Checkout) -> None:
    answer(machine, "SUCCEEDED", output=msgspec.json.encode(PLACED).decode())
    assert machine.run(COMMAND) == PLACED


@pytest.mark.parametrize(
    "refusal",
    [
        InsufficientStock("Too few.", errors=[FieldError("items[1]", "2 available, 3 wanted")]),
        InvalidRequest("Wrong.", errors=[FieldError("shipping_method", "is not offered")]),
        Conflict("Cancelled.", code="order_state_conflict"),
        PaymentDeclined("Declined.", code="amount_too_small"),
    ],
)
def test_the_refusal_of_a_step_arrives_unchanged(machine: Checkout, refusal: ShopError) -> None:
    answer(machine, "FAILED", **failed(refusal))
    with pytest.raises(type(refusal)) as raised:
        machine.run(COMMAND)
    assert (raised.value.code, raised.value.detail) == (refusal.code, refusal.detail)
    assert raised.value.errors == refusal.errors


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("TIMED_OUT", {}),
        ("TIMED_OUT", {"error": "States.Timeout", "cause": ""}),
        ("FAILED", {"error": "States.Timeout"}),
        ("FAILED", failed(DependencyUnavailable("postgresql"))),
        ("FAILED", {"error": "Lambda.TooManyRequestsException", "cause": "slow down"}),
        ("FAILED", {"error": "Sandbox.Timedout", "cause": "{}"}),
    ],
)
def test_what_is_not_final_may_be_repeated(
    machine: Checkout, status: str, fields: dict[str, str]
) -> None:
    answer(machine, status, **fields)
    with pytest.raises(DependencyUnavailable) as raised:
        machine.run(COMMAND)
    assert raised.value.retry_after_seconds


def test_a_refused_call_may_be_repeated(machine: Checkout) -> None:
    machine.stubber.add_client_error("start_sync_execution", "ThrottlingException")
    with pytest.raises(DependencyUnavailable):
        machine.run(COMMAND)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError])
def test_a_call_without_an_answer_may_be_repeated(aws: None, error: type[HTTPClientError]) -> None:
    class Client:
        def start_sync_execution(self, **_: object) -> dict[str, str]:
            raise error(endpoint_url="https://states")

    adapter = StepFunctionsCheckout(ARN, Client())
    with pytest.raises(DependencyUnavailable):
        adapter.run(COMMAND)


def test_every_attempt_has_a_name_of_its_own(aws: None) -> None:
    names = []

    class Client:
        def start_sync_execution(self, **call: str) -> dict[str, str]:
            names.append(call["name"])
            return {"status": "SUCCEEDED", "output": msgspec.json.encode(PLACED).decode()}

    adapter = StepFunctionsCheckout(ARN, Client())
    for _ in range(2):
        adapter.run(COMMAND)
    assert len(set(names)) == 2
    assert {UUID(name[:36]) for name in names} == {COMMAND.order_id}
    assert all(len(name) <= 80 for name in names)


def test_the_client_does_not_repeat_calls_by_itself(aws: None) -> None:
    assert StepFunctionsCheckout(ARN)._client.meta.config.retries["total_max_attempts"] == 1


def test_an_unknown_outcome_is_distinguished_from_a_refusal(machine: Checkout) -> None:
    """Also if the state machine reports it, because the charging function did not respond."""
    answer(machine, "FAILED", error="PaymentOutcomeUnknown", cause="not known yet")
    with pytest.raises(PaymentOutcomeUnknown) as raised:
        machine.run(COMMAND)
    assert raised.value.code == "payment_outcome_unknown"


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_what_is_billed_goes_to_the_log(
    machine: Checkout, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    billed = {"billedDurationInMilliseconds": 200, "billedMemoryUsedInMB": 64}
    end = {"output": msgspec.json.encode(PLACED).decode()} if status == "SUCCEEDED" else {}
    answer(machine, status, **end, billingDetails=billed)
    with caplog.at_level("INFO", "shop"), suppress(DependencyUnavailable):
        machine.run(COMMAND)
    (line,) = [vars(record) for record in caplog.records if record.message == "execution"]
    assert line["order_id"] == str(COMMAND.order_id)
    assert (line["billed_duration_ms"], line["billed_memory_mb"]) == (200, 64)
