"""State-machine tasks: typed input, typed output, errors under stable names.

Step Functions matches ``Catch`` against the exception's class name, so a refusal leaves the function as
an exception whose class is named after its meaning (``InsufficientStock``), with its JSON as message.
"""

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from shop.contracts.tasks import Refusal
from shop.domain.errors import ShopError
from shop.observability import begin_invocation, bind

_log = logging.getLogger(__name__)


def task[In: msgspec.Struct](
    kind: type[In],
) -> Callable[[Callable[[In], Any]], Callable[[Any, Any], Any]]:
    """Make a Lambda handler of a function from the task's input to its output.

    Parameters
    ----------
    kind : struct type
        The input's contract; what does not fit it is refused as ``ValidationError``.
    """

    def decorate(function: Callable[[In], Any]) -> Callable[[Any, Any], Any]:
        def handler(event: Any, context: Any) -> Any:
            begin_invocation(context)
            command = msgspec.convert(event, kind)
            bind(order_id=str(getattr(command, "order_id", "")))
            try:
                result = function(command)
            except ShopError as error:
                _log.info("refused", extra={"code": error.code, "detail": error.detail})
                refusal = Refusal(
                    error.code, error.detail, list(error.errors), error.retry_after_seconds
                )
                error.args = (msgspec.json.encode(refusal).decode(),)
                raise
            return msgspec.to_builtins(result)

        return handler

    return decorate
