"""Scheduled functions: EventBridge Scheduler calls them, several at once if a run is late."""

import logging
from collections.abc import Callable
from typing import Any, Final

from shop.domain.errors import DependencyUnavailable
from shop.observability import begin_invocation

_log = logging.getLogger(__name__)

#: Left over at the end of a run, so that the last batch can end before the function's time-out.
_SPARE_SECONDS: Final = 10.0


def schedule(function: Callable[[float], dict[str, int]]) -> Callable[[Any, Any], dict[str, int]]:
    """Make a Lambda handler of a function from seconds to work to counts of what it did.

    Parameters
    ----------
    function : callable
        Gets the seconds it may take and gives counts, which are logged and returned. It must be safe
        to run twice at once and to be stopped anywhere. When a server is away the run ends early; the
        next one goes on.
    """

    def handler(_event: Any, context: Any) -> dict[str, int]:
        begin_invocation(context)
        seconds = max(1.0, context.get_remaining_time_in_millis() / 1000 - _SPARE_SECONDS)
        try:
            counts = function(seconds)
        except DependencyUnavailable as away:
            _log.warning("run ended early", extra={"detail": away.detail})
            raise
        _log.info("run ended", extra={"counts": counts})
        return counts

    return handler
