"""Scheduled functions, called by EventBridge Scheduler; runs overlap if one is late."""

from collections.abc import Callable
from typing import Any, Final

from shop.bootstrap import prepare
from shop.entrypoints.invocation import invocation, summarise

#: Time reserved at the end of a run, so that the last batch ends before the function's time-out.
_SPARE_SECONDS: Final = 10.0


def schedule(function: Callable[[float], dict[str, int]]) -> Callable[[Any, Any], dict[str, int]]:
    """Turn a function from available seconds to counts of results into a Lambda handler.

    Parameters
    ----------
    function : callable
        Receives the seconds it may take and returns counts, which are logged and returned. It must be safe to
        run concurrently and to be stopped at any point. If a server is unavailable the run ends early and the
        next one continues.
    """
    prepare()

    def handler(_event: Any, context: Any) -> dict[str, int]:
        with invocation("schedule", context, schedule=context.function_name):
            seconds = max(1.0, context.get_remaining_time_in_millis() / 1000 - _SPARE_SECONDS)
            counts = function(seconds)
            summarise(counts=counts)
            return counts

    return handler
