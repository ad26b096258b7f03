"""Schedule expressions of EventBridge: ``rate(…)``, ``cron(…)`` and ``at(…)``."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crontab import CronTab

_EXPRESSION = re.compile(r"\s*(at|rate|cron)\s*\(\s*(.+?)\s*\)\s*")
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_DAY_NUMBER = re.compile(r"(?<![/#\d])[1-7](?!\d)")


class ExpressionError(ValueError):
    """A schedule expression that cannot be understood."""


def next_time(
    expression: str, timezone: str, created: float, after: float, fired: bool
) -> float | None:
    """Return when a schedule is due next, in seconds since the epoch.

    Parameters
    ----------
    expression, timezone
        The schedule expression and the time zone of ``cron`` and ``at``.
    created
        When the schedule came into being; rates count from there.
    after
        The answer is later than this, except for a one-time schedule, which is due at its time
        if that was not before ``created``.
    fired
        Whether it fired before, which ends a one-time schedule.

    Raises
    ------
    ExpressionError
        The expression is malformed, or uses what is not supported here (``W`` and ``#``).

    Examples
    --------
    >>> next_time("rate(5 minutes)", "UTC", 1000, 1001, False)
    1300
    >>> next_time("rate(5 minutes)", "UTC", 1000, 100_000, True)  # after a long sleep: once
    100300
    """
    match = _EXPRESSION.fullmatch(expression)
    if not match:
        raise ExpressionError(expression)
    kind, argument = match.groups()
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)  # needs no tz database
        if kind == "at":
            due = datetime.fromisoformat(argument).replace(tzinfo=zone).timestamp()
            return None if fired or due < created else due
        if kind == "rate":
            number, unit = argument.split()
            period = int(number) * _UNIT_SECONDS[unit.removesuffix("s")]
            return created + (int((after - created) // period) + 1) * period
        now = datetime.fromtimestamp(after, zone)
        wait = CronTab(_standard_cron(argument)).next(now, default_utc=False)
        return None if wait is None else after + wait
    except (ValueError, KeyError, OSError) as error:
        raise ExpressionError(f"{expression}: {error}") from error


def _standard_cron(argument: str) -> str:
    """Return AWS's six fields as the cron library wants them; AWS counts days from Sunday = 1."""
    minute, hour, day, month, weekday, year = argument.split()
    weekday = _DAY_NUMBER.sub(lambda number: str(int(number[0]) - 1), weekday)
    return " ".join([minute, hour, day, month, weekday, year]).replace("?", "*")
