"""The state machines through Step Functions: moto where it knows the call, botocore's model where not."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from botocore.exceptions import ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from shop.adapters.aws.step_functions import StepFunctionsFulfilment, StepFunctionsOrderPlacement
from shop.contracts.tasks import CartLine, CreateOrder, PlacedOrder, Refusal, StepOutcome
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    FieldError,
    InsufficientStock,
    InvalidRequest,
    ShopError,
)
from shop.domain.ids import new_id

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:place_order"
COMMAND = CreateOrder(
    cart_id=new_id(),
    order_id=new_id(),
    user_id=new_id(),
    email=None,
    items=[CartLine(new_id(), 2, 999)],
    shipping_address={"country": "US"},
    shipping_method="standard",
    payment_method_id="pm_card_visa",
    correlation_id=new_id(),
)
PLACED = PlacedOrder(
    order_id=COMMAND.order_id,
    status="PENDING",
    currency="USD",
    lines=[],
    items=[],
    subtotal_minor=1998,
    tax_minor=0,
    shipping_minor=0,
    total_minor=1998,
    reservation_expires_at=datetime.now(UTC),
    estimated_delivery=date(2030, 1, 1),
    payment_timeout_seconds=660,
    correlation_id=COMMAND.correlation_id,
)


class Placement(StepFunctionsOrderPlacement):
    """The adapter, and what stands for its client."""

    stubber: Stubber


@pytest.fixture
def placement(aws: None) -> Iterator[Placement]:
    adapter = Placement(ARN)
    with Stubber(adapter._client) as stubber:
        adapter.stubber = stubber
        yield adapter


def answer(placement: Placement, status: str, **fields: Any) -> None:
    execution = f"{ARN.replace('stateMachine', 'express')}:x"
    placement.stubber.add_response(
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


def test_an_order_is_placed(placement: Placement) -> None:
    answer(placement, "SUCCEEDED", output=msgspec.json.encode(PLACED).decode())
    assert placement.place(COMMAND) == PLACED


@pytest.mark.parametrize(
    "refusal",
    [
        InsufficientStock("Too few.", errors=[FieldError("items[1]", "2 available, 3 wanted")]),
        InvalidRequest("Wrong.", errors=[FieldError("shipping_method", "is not offered")]),
        Conflict("Cancelled.", code="order_state_conflict"),
    ],
)
def test_the_refusal_of_a_step_arrives_as_it_was(placement: Placement, refusal: ShopError) -> None:
    answer(placement, "FAILED", **failed(refusal))
    with pytest.raises(type(refusal)) as raised:
        placement.place(COMMAND)
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
    placement: Placement, status: str, fields: dict[str, str]
) -> None:
    answer(placement, status, **fields)
    with pytest.raises(DependencyUnavailable) as raised:
        placement.place(COMMAND)
    assert raised.value.retry_after_seconds


def test_a_refused_call_may_be_repeated(placement: Placement) -> None:
    placement.stubber.add_client_error("start_sync_execution", "ThrottlingException")
    with pytest.raises(DependencyUnavailable):
        placement.place(COMMAND)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError])
def test_a_call_without_an_answer_may_be_repeated(aws: None, error: type[HTTPClientError]) -> None:
    class Client:
        def start_sync_execution(self, **_: object) -> dict[str, str]:
            raise error(endpoint_url="https://states")

    adapter = StepFunctionsOrderPlacement(ARN, Client())
    with pytest.raises(DependencyUnavailable):
        adapter.place(COMMAND)


def test_every_attempt_has_a_name_of_its_own(aws: None) -> None:
    names = []

    class Client:
        def start_sync_execution(self, **call: str) -> dict[str, str]:
            names.append(call["name"])
            return {"status": "SUCCEEDED", "output": msgspec.json.encode(PLACED).decode()}

    adapter = StepFunctionsOrderPlacement(ARN, Client())
    for _ in range(2):
        adapter.place(COMMAND)
    assert len(set(names)) == 2
    assert {UUID(name[:36]) for name in names} == {COMMAND.order_id}
    assert all(len(name) <= 80 for name in names)


def test_a_token_that_nobody_waits_for_is_no_error(aws: None) -> None:
    StepFunctionsFulfilment().resume("unknown", StepOutcome("paid"))


@pytest.mark.parametrize("code", ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"])
def test_a_token_that_was_used_or_timed_out_is_no_error(aws: None, code: str) -> None:
    adapter = StepFunctionsFulfilment()
    with Stubber(adapter._client) as stubber:
        stubber.add_client_error("send_task_success", code)
        adapter.resume("token", StepOutcome("paid"))


def test_a_token_is_sent_back_with_its_outcome(aws: None) -> None:
    adapter = StepFunctionsFulfilment()
    with Stubber(adapter._client) as stubber:
        stubber.add_response(
            "send_task_success", {}, {"taskToken": "token", "output": '{"outcome":"confirmed"}'}
        )
        adapter.resume("token", StepOutcome("confirmed"))
        stubber.assert_no_pending_responses()


def test_while_step_functions_is_away_the_caller_is_told(aws: None) -> None:
    adapter = StepFunctionsFulfilment()
    with Stubber(adapter._client) as stubber:
        stubber.add_client_error("send_task_success", "InternalFailure", http_status_code=500)
        with pytest.raises(DependencyUnavailable):
            adapter.resume("token", StepOutcome("paid"))


def test_the_client_does_not_repeat_calls_by_itself(aws: None) -> None:
    assert StepFunctionsFulfilment()._client.meta.config.retries["total_max_attempts"] == 1
