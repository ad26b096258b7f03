"""State-machine tasks: typed input and output, and errors with stable names.

Step Functions matches ``Catch`` against the class name of the exception, so a task raises a refusal as an
exception whose class names it (``InsufficientStock``), with its JSON as message.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from shop.bootstrap import prepare
from shop.contracts.tasks import Refusal
from shop.domain.errors import ShopError
from shop.entrypoints.invocation import invocation
from shop.observability import bind


def task[In: msgspec.Struct](
    kind: type[In],
) -> Callable[[Callable[[In], Any]], Callable[[Any, Any], Any]]:
    """Turn a function from the task's input to its output into a Lambda handler.

    Parameters
    ----------
    kind : struct type
        The input's contract; input that violates it fails the invocation.
    """

    def decorate(function: Callable[[In], Any]) -> Callable[[Any, Any], Any]:
        prepare()

        def handler(event: Any, context: Any) -> Any:
            with invocation("task", context, step=kind.__name__):
                command = msgspec.convert(event, kind)
                for name in ("order_id", "correlation_id"):
                    if value := getattr(command, name, None):
                        bind(**{name: str(value)})
                try:
                    return msgspec.to_builtins(function(command))
                except ShopError as error:
                    refusal = Refusal(
                        error.code, error.detail, list(error.errors), error.retry_after_seconds
                    )
                    error.args = (msgspec.json.encode(refusal).decode(),)
                    raise

        return handler

    return decorate
