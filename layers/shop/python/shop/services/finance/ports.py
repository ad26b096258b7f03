"""Ports of the ledger: the logs it is collected from, where it is kept, and how it is read."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID

from shop.domain.costs import CostItem, CostRequest, FloorItem, PriceList
from shop.services.finance.views import (
    CostLine,
    CostSum,
    Grouping,
    LedgerSpan,
    OrderActivity,
)


class LogEvent(NamedTuple):
    """One event of a log group, as CloudWatch Logs gives it."""

    event_id: str
    stream: str
    timestamp: datetime
    message: str


class LogPage(NamedTuple):
    """Some events, in no particular order, and the token of the next page."""

    events: Sequence[LogEvent]
    next_token: str | None


class TokenExpired(Exception):
    """The token has expired; the window must be read again from its beginning."""


class LogReader(Protocol):
    """Reads log groups."""

    def read(
        self, log_group: str, since: datetime, until: datetime, token: str | None = None
    ) -> LogPage:
        """Return a page of the events with ``since <= timestamp < until``.

        Raises
        ------
        TokenExpired
            If `token` has expired.
        DependencyUnavailable
            If the service does not answer, or throttles.
        """


class LoggedBytes(NamedTuple):
    """What CloudWatch Logs bills for one event, and the request to which it belongs.

    Attributes
    ----------
    item : CostItem
        Of this event alone; the ledger adds up those of one request.
    """

    event_id: str
    item: CostItem


class Page(NamedTuple):
    """What a page of log events says. Recording it again changes nothing."""

    logged: Sequence[LoggedBytes] = ()
    requests: Sequence[CostRequest] = ()
    items: Sequence[CostItem] = ()


class Progress(NamedTuple):
    """How far a log group has been collected.

    Attributes
    ----------
    window_until : datetime or None
        End of a window that has been read in part.
    next_token : str or None
        Where that window continues.
    """

    collected_until: datetime
    window_until: datetime | None = None
    next_token: str | None = None


class Ledger(Protocol):
    """Where the collector records costs."""

    def price_list(self, region: str) -> PriceList:
        """Give the latest price list of a region.

        Raises
        ------
        PriceMissing
            If none has been loaded.
        """

    def progress(self, log_group: str) -> Progress | None:
        """Return how far a group has been collected; None before the first time."""

    def unseen(self, event_ids: Sequence[str]) -> set[str]:
        """Return those of the events that have not been recorded."""

    def record(self, page: Page) -> None:
        """Record a page, all of it or nothing."""

    def pause(self, log_group: str, before: Progress | None, paused: Progress) -> None:
        """Record where a window continues, unless another collector has advanced since `before`."""

    def complete(self, log_group: str, until: datetime) -> None:
        """Record that a group has been collected until a time; never moves backwards."""


class PriceLoader(Protocol):
    """Where price lists are loaded."""

    def load(self, prices: PriceList, floor: Sequence[FloorItem]) -> bool:
        """Load a list and its floor; False if this version was loaded before.

        Raises
        ------
        PricesEdited
            If a version that was loaded differs from this one.
        """


class CostReader(Protocol):
    """Reads the ledger."""

    def span(self) -> LedgerSpan:
        """Return the time that it covers."""

    def sums(self, since: datetime, until: datetime, group_by: Grouping) -> list[CostSum]:
        """Add up the items with ``since <= at < until`` by group and kind, the most expensive group first."""

    def totals(self, since: datetime, until: datetime) -> list[CostSum]:
        """Add up the items with ``since <= at < until`` by kind."""

    def order(self, order_id: UUID) -> OrderActivity | None:
        """Return an order; None if it does not exist."""

    def order_lines(self, order_id: UUID) -> list[CostLine]:
        """Return the items of an order in time order.

        They are those of the requests about it, and of the requests to browse, to the cart and for
        identification that its user sent between the order before and this one.
        """

    def lines(self, since: datetime, until: datetime) -> Iterator[CostLine]:
        """Return the items with ``since <= at < until`` in time order, for an export."""

    def price_list(self, region: str) -> PriceList:
        """Give the latest price list of a region.

        Raises
        ------
        PriceMissing
            If none has been loaded.
        """

    def floor(self, region: str) -> list[FloorItem]:
        """Return the monthly floor as of the latest price list of a region."""


class Quote(NamedTuple):
    """A price as AWS quotes it.

    Attributes
    ----------
    tier : str
        AWS's description of it.
    source : str
        URL of the service's price list.
    dated : date
        When AWS published it.
    """

    amount: Decimal
    currency: str
    tier: str
    source: str
    dated: date


class PriceSource(Protocol):
    """AWS's own price list."""

    def price(self, service: str, region: str, usage: str) -> Quote:
        """Return the price of the first billed tier.

        Parameters
        ----------
        service : str
            Code of the service: ``AWSLambda``.
        usage : str
            Type of use, without the prefix of the region: ``Lambda-GB-Second``.

        Raises
        ------
        PriceNotFound
            If the list has no such price, or several.
        DependencyUnavailable
            If AWS does not answer.
        """


class PricesEdited(Exception):
    """A price list was edited after it was loaded; prices that change need another version."""


class PriceNotFound(Exception):
    """The price list of AWS has no such price, or several."""
