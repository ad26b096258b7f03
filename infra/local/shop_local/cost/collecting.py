"""Brings the ledger up to date by invoking finance/collect_costs, as its schedule does every minute."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shop.services.finance.ports import CostReader
from shop.services.finance.views import OrderActivity
from shop_local import template
from shop_local.deploy import STACK, aws
from shop_local.paths import TEMPLATE

_FUNCTION: Final = "finance/collect_costs"
#: Runs after which a ledger that is still behind is left to the schedule.
_RUNS: Final = 20
#: How long after an order's last change its invocations may still be logging: LocalStack hands the lines of
#: an invocation to the log group at its end.
SETTLING: Final = timedelta(seconds=3)


class CollectionFailed(Exception):
    """The ledger could not be brought up to date."""


class Collection:
    """Invokes the collector of a running stack.

    Parameters
    ----------
    values : mapping
        The stack's settings.
    reader : CostReader
        The ledger.
    """

    def __init__(self, values: Mapping[str, str], reader: CostReader) -> None:
        self._values = values
        self._reader = reader
        self._name: str | None = None

    def bring_up_to_date(self) -> datetime:
        """Collect everything that has been logged until now; return the time of the last event collected.

        Raises
        ------
        CollectionFailed
            If the function fails, or is behind after several runs.
        """
        wanted = datetime.now(UTC)
        for _ in range(_RUNS):
            self._invoke()
            until = self._reader.span().collected_until
            if until is not None and until >= wanted:
                return until
        raise CollectionFailed(
            f"{_FUNCTION} is still behind after {_RUNS} runs; the schedule goes on."
        )

    def until_settled(
        self, order_id: UUID, *, seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> bool:
        """Collect until nothing more is expected of an order; False if that takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            order = self._reader.order(order_id)
            if order is not None and (wait := _to_wait(order, datetime.now(UTC))) <= 0:
                self.bring_up_to_date()
                return True
            if time.monotonic() >= deadline:
                self.bring_up_to_date()
                return False
            sleep(0.5 if order is None else min(wait, 0.5))

    def _invoke(self) -> None:
        client = aws("lambda", self._values["AWS_ENDPOINT_URL"])
        answer: dict[str, Any] = client.invoke(FunctionName=self._function())
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise CollectionFailed(f"{_FUNCTION} failed: {json.loads(body).get('errorMessage')}")

    def _function(self) -> str:
        if self._name is None:
            logical_id = template.functions(template.read(TEMPLATE))[_FUNCTION]
            found = aws("cloudformation", self._values["AWS_ENDPOINT_URL"]).describe_stack_resource(
                StackName=STACK, LogicalResourceId=logical_id
            )
            self._name = str(found["StackResourceDetail"]["PhysicalResourceId"])
        return self._name


def _to_wait(order: OrderActivity, now: datetime) -> float:
    if order.events_waiting:
        return SETTLING.total_seconds()
    return (order.last_activity_at + SETTLING - now).total_seconds()
