"""Scheduled functions: EventBridge Scheduler calls them, several at once if a run is late."""

from collections.abc import Callable
from typing import Any, Final

from shop.bootstrap import prepare
from shop.entrypoints.invocation import invocation, summarise

#: Left over at the end of a run, so that the last batch can end before the function's time-out.
_SPARE_SECONDS: Final = 10.0


def schedule(function: Callable[[float], dict[str, int]]) -> Callable[[Any, Any], dict[str, int]]:
    """Make a Lambda handler of a function from seconds to work to counts of what it did.

    Parameters
    ----------
    function : callable
        Gets the seconds it may take and gives counts, which are logged and returned. It must be safe
        to run twice at once and to be stopped anywhere. While a server is unavailable the run ends early;
        the next one goes on.
    """
    prepare()

    def handler(_event: Any, context: Any) -> dict[str, int]:
        with invocation("schedule", context, schedule=context.function_name):
            seconds = max(1.0, context.get_remaining_time_in_millis() / 1000 - _SPARE_SECONDS)
            counts = function(seconds)
            summarise(counts=counts)
            return counts

    return handler
