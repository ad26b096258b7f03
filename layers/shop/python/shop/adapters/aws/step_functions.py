"""The checkout state machine on AWS Step Functions."""

import json
import logging
from typing import Any, Final, override

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.contracts.tasks import PlacedOrder, PlaceOrder, Refusal
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    FieldError,
    InsufficientStock,
    InvalidRequest,
    PaymentDeclined,
    PaymentOutcomeUnknown,
    ShopError,
    TaxUnavailable,
)
from shop.domain.ids import new_id
from shop.services.orders.ports import CheckoutMachine

_log = logging.getLogger(__name__)

#: Longer than the state machine's time-out (24 s), shorter than the function's (28 s).
_READ_TIMEOUT_SECONDS: Final = 26
#: Final refusals, by the names of the exceptions that the tasks raise.
_REFUSALS: Final[dict[str, type[ShopError]]] = {
    kind.__name__: kind for kind in (InsufficientStock, InvalidRequest, Conflict, PaymentDeclined)
}


class StepFunctionsCheckout(CheckoutMachine):
    """The Express state machine ``checkout``.

    Parameters
    ----------
    state_machine_arn : str
        Its ARN.
    client : boto3 client, optional
        `step_functions_client` by default.
    """

    def __init__(self, state_machine_arn: str, client: Any = None) -> None:
        self._state_machine_arn = state_machine_arn
        self._client = client or step_functions_client()

    @override
    def run(self, command: PlaceOrder) -> PlacedOrder:
        answer = self._start(command)
        _log_execution(command, answer)
        # The call succeeds even if the execution fails.
        if answer["status"] == "SUCCEEDED":
            return msgspec.json.decode(answer["output"], type=PlacedOrder)
        raise _failure(answer.get("error", "States.Timeout"), answer.get("cause", ""))

    def _start(self, command: PlaceOrder) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._client.start_sync_execution(
                stateMachineArn=self._state_machine_arn,
                # Names of Express executions need not be unique, unlike those of Standard ones. Ours contain
                # the order's id and distinguish its attempts.
                name=f"{command.order_id}-{new_id().hex[-12:]}",
                input=msgspec.json.encode(command).decode(),
            )
        except (BotoCoreError, ClientError) as error:
            raise DependencyUnavailable("stepfunctions") from error
        return answer


def step_functions_client() -> Any:
    """Create a client without retries: the caller repeats the whole call within its own time-out."""
    return boto3.client(
        "stepfunctions",
        config=Config(
            connect_timeout=2,
            read_timeout=_READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )


def _log_execution(command: PlaceOrder, answer: dict[str, Any]) -> None:
    """Log the duration and memory that AWS bills for an execution."""
    billed = answer.get("billingDetails", {})
    _log.info(
        "execution",
        extra={
            "state_machine": "checkout",
            "execution_status": answer["status"],
            "order_id": str(command.order_id),
            "correlation_id": str(command.correlation_id),
            "billed_duration_ms": billed.get("billedDurationInMilliseconds"),
            "billed_memory_mb": billed.get("billedMemoryUsedInMB"),
        },
    )


def _failure(error: str, cause: str) -> ShopError:
    """Turn an execution's error back into the exception that its task raised."""
    if error == PaymentOutcomeUnknown.__name__:
        return PaymentOutcomeUnknown()
    if error == TaxUnavailable.__name__:
        return TaxUnavailable("checkout")
    kind = _REFUSALS.get(error)
    if kind is None:
        _log.error("checkout failed: %s", error)
        return DependencyUnavailable(
            "checkout",
            "The order could not be placed in time. Repeat the request with the same Idempotency-Key:"
            " it continues the same order.",
        )
    refusal = msgspec.json.decode(json.loads(cause)["errorMessage"], type=Refusal)
    refused = kind(
        refusal.detail,
        code=refusal.code,
        errors=[FieldError(field, message) for field, message in refusal.errors],
    )
    refused.retry_after_seconds = refusal.retry_after_seconds
    return refused
