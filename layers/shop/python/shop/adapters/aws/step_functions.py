"""The state machines, through AWS Step Functions."""

import json
import logging
from typing import Any, Final

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.contracts.tasks import CreateOrder, PlacedOrder, Refusal, StepOutcome
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    FieldError,
    InsufficientStock,
    InvalidRequest,
    ShopError,
)
from shop.domain.ids import new_id

_log = logging.getLogger(__name__)

#: Longer than the machine's own time-out (24 s), shorter than the function's (28 s).
_READ_TIMEOUT_SECONDS: Final = 26
#: Refusals that are final; their names are those of the exceptions that the tasks end with.
_REFUSALS: Final[dict[str, type[ShopError]]] = {
    kind.__name__: kind for kind in (InsufficientStock, InvalidRequest, Conflict)
}
#: Step Functions' words for a token that was answered before, or that nobody waits for any more.
_NOBODY_WAITS: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


class StepFunctionsOrderPlacement:
    """See `shop.services.orders.ports.OrderPlacement`.

    Parameters
    ----------
    state_machine_arn : str
        The Express state machine ``place_order``.
    client : boto3 client, optional
        `step_functions_client` by default.
    """

    def __init__(self, state_machine_arn: str, client: Any = None) -> None:
        self._state_machine_arn = state_machine_arn
        self._client = client or step_functions_client()

    def place(self, command: CreateOrder) -> PlacedOrder:
        """Run the machine and wait for its end."""
        answer = _call(
            self._client.start_sync_execution,
            stateMachineArn=self._state_machine_arn,
            # Unlike a Standard machine's, names of Express executions need not be unique; ours say
            # which order they are about and tell its attempts apart.
            name=f"{command.order_id}-{new_id().hex[-12:]}",
            input=msgspec.json.encode(command).decode(),
        )
        # The call succeeds even if the execution does not.
        if answer["status"] == "SUCCEEDED":
            return msgspec.json.decode(answer["output"], type=PlacedOrder)
        raise _failure(answer.get("error", "States.Timeout"), answer.get("cause", ""))


class StepFunctionsFulfilment:
    """See `shop.services.orders.ports.Fulfilment`.

    Parameters
    ----------
    client : boto3 client, optional
        `step_functions_client` by default.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client or step_functions_client()

    def resume(self, token: str, outcome: StepOutcome) -> None:
        """Send the token back."""
        try:
            _call(
                self._client.send_task_success,
                taskToken=token,
                output=msgspec.json.encode(outcome).decode(),
            )
        except _NobodyWaitsError as error:
            _log.info("nobody waits for this token: %s", error)


class _NobodyWaitsError(Exception):
    """The token was answered before, or the execution went on without it."""


def step_functions_client() -> Any:
    """Make the client; it retries nothing: the caller repeats the whole, inside its own time-out."""
    return boto3.client(
        "stepfunctions",
        config=Config(
            connect_timeout=2,
            read_timeout=_READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )


def _call(operation: Any, **parameters: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = operation(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _NOBODY_WAITS:
            raise _NobodyWaitsError(code) from error
        raise DependencyUnavailable("stepfunctions") from error
    except BotoCoreError as error:
        raise DependencyUnavailable("stepfunctions") from error
    return answer


def _failure(error: str, cause: str) -> ShopError:
    """Turn an execution's error back into the refusal that its task ended with."""
    kind = _REFUSALS.get(error)
    if kind is None:
        _log.error("place_order failed: %s", error)
        return DependencyUnavailable(
            "checkout",
            "The order could not be placed in time. Repeat the request with the same Idempotency-Key:"
            " it continues the same order.",
        )
    refusal = msgspec.json.decode(json.loads(cause)["errorMessage"], type=Refusal)
    return kind(
        refusal.detail,
        code=refusal.code,
        errors=[FieldError(field, message) for field, message in refusal.errors],
    )
