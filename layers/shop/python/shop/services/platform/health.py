"""Checks every server, in parallel."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Literal

import msgspec

from shop.contracts.http.platform import DependencyView, HealthView
from shop.domain.errors import DependencyUnavailable
from shop.services.platform.ports import Dependency

_TIMEOUT_SECONDS: Final = 3.0
#: A server that takes longer to answer counts as degraded.
_SLOW_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)


class Checkup(msgspec.Struct, frozen=True):
    """The state of a server.

    Attributes
    ----------
    up : bool
        Whether it answered.
    seconds : float or None
        Response time; None if it did not answer.
    degraded : bool
        Whether the shop works with restrictions: the server is slow, or unavailable and not required.
    """

    name: str
    up: bool
    required: bool
    seconds: float | None
    degraded: bool


def examine(
    dependencies: Sequence[Dependency], *, timeout: float = _TIMEOUT_SECONDS
) -> list[Checkup]:
    """Check all configured servers in parallel.

    Parameters
    ----------
    timeout : float
        Seconds after which a server that has not answered is down.
    """
    deadline = time.monotonic() + timeout
    pool = ThreadPoolExecutor(max_workers=max(1, len(dependencies)))
    try:
        answers = [(server, pool.submit(_timed, server)) for server in dependencies]
        checkups = [_judge(server, answer, deadline) for server, answer in answers]
    finally:
        # A check that hangs is not awaited; its own time-outs end it.
        pool.shutdown(wait=False)
    return [checkup for checkup in checkups if checkup is not None]


def report(checkups: Sequence[Checkup]) -> HealthView:
    """Combine the results into the health of the shop."""
    status: Literal["ok", "degraded", "down"] = "ok"
    if any(checkup.required and not checkup.up for checkup in checkups):
        status = "down"
    elif any(checkup.degraded for checkup in checkups):
        status = "degraded"
    return HealthView(
        status=status,
        dependencies={
            checkup.name: DependencyView(
                up=checkup.up,
                latency_ms=None if checkup.seconds is None else round(checkup.seconds * 1000, 1),
                degraded=checkup.degraded,
            )
            for checkup in checkups
        },
    )


def _timed(dependency: Dependency) -> float | None:
    begin = time.monotonic()
    return time.monotonic() - begin if dependency.check() else None


def _judge(dependency: Dependency, answer: Future[float | None], deadline: float) -> Checkup | None:
    name, required = dependency.name, dependency.required
    try:
        seconds = answer.result(max(0.0, deadline - time.monotonic()))
    except (DependencyUnavailable, TimeoutError):
        return Checkup(name, False, required, None, not required)
    except Exception:  # noqa: BLE001 - logged in full; it says nothing about the other servers
        _log.exception("%s could not be asked how it is", name)
        return Checkup(name, False, required, None, not required)
    if seconds is None:
        return None
    return Checkup(name, True, required, seconds, seconds > _SLOW_SECONDS)
