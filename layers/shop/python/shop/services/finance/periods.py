"""Periods that clients ask for."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shop.contracts.http.patterns import MOMENT, WANTED
from shop.domain.errors import InvalidRequest, NotFound
from shop.services.finance.views import LedgerSpan

LONGEST: Final = timedelta(days=366)
_DAY: Final = timedelta(days=1)
_DEFAULT: Final = 30 * _DAY


class Period(NamedTuple):
    """A period that the ledger covers; `until` does not belong to it.

    Attributes
    ----------
    begun_at : datetime
        The first day of the ledger.
    collected_until : datetime or None
        Until when all logs have been collected.
    now : datetime
    """

    since: datetime
    until: datetime
    begun_at: datetime
    collected_until: datetime | None
    now: datetime

    @property
    def is_complete(self) -> bool:
        """Whether all logs of the period have been collected."""
        if self.collected_until is None:
            return False
        return self.collected_until >= min(self.until, self.now)

    @property
    def before(self) -> "Period | None":
        """The period of the same length before this one; None if the ledger does not cover it."""
        since = self.since - (self.until - self.since)
        if since < self.begun_at:
            return None
        return self._replace(since=since, until=self.since)


def period(span: LedgerSpan, since: str | None, until: str | None, now: datetime) -> Period:
    """Make a period of the query parameters ``from`` and ``to``.

    Parameters
    ----------
    span : LedgerSpan
        What the ledger covers.
    since, until : str or None
        As `shop.contracts.http.finance.PeriodQuery` has them.

    Raises
    ------
    InvalidRequest
        Naming the parameter.
    NotFound
        ``costs_not_recorded``: the ledger is empty.
    """
    tomorrow = _day(now) + _DAY
    end = tomorrow if until is None else _moment("to", until)
    begin = None if since is None else _moment("from", since)
    if begin is not None and begin > now:
        raise InvalidRequest.field("from", "must not be in the future")
    if end > tomorrow:
        raise InvalidRequest.field("to", f"must not be after {tomorrow:%Y-%m-%d}, when today ends")
    if begin is not None and end <= begin:
        raise InvalidRequest.field("to", "must be after from")
    if begin is not None and end - begin > LONGEST:
        raise InvalidRequest.field("from", f"must be at most {LONGEST.days} days before to")
    if span.first_item_at is None:
        raise NotFound("Nothing has been collected yet.", code="costs_not_recorded")
    first = _day(span.first_item_at)
    begins = f"{first:%Y-%m-%d}, when the ledger begins"
    if end <= first:
        raise InvalidRequest.field("to", f"must be after {begins}")
    if begin is None:
        begin = max(end - min(_DEFAULT, end - datetime.min.replace(tzinfo=UTC)), first)
    elif begin < first:
        raise InvalidRequest.field("from", f"must not be before {begins}")
    return Period(begin, end, first, span.collected_until, now)


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.field(name, f"must be {WANTED[MOMENT]}") from error
    return found.replace(tzinfo=UTC)


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
