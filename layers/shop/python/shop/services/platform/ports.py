"""Ports of operations: old records, the health of servers, and business figures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shop.domain.business import Business, Gauges, HourlyRevenue, Period, SoldProduct


class Records(Protocol):
    """Rows past their retention period."""

    def prune_idempotency_keys(self, limit: int) -> int:
        """Delete up to `limit` keys older than 24 hours; return their number."""

    def prune_inbox(self, limit: int) -> int:
        """Delete up to `limit` inbox rows older than 30 days; return their number."""

    def prune_outbox(self, limit: int) -> int:
        """Delete up to `limit` events published more than 90 days ago; return their number."""

    def prune_webhook_events(self, limit: int) -> int:
        """Delete up to `limit` webhook events received more than 90 days ago; return their number.

        The provider does not resend events that old.
        """

    def prune_links(self, limit: int) -> int:
        """Delete up to `limit` links by e-mail that expired more than a day ago; return their number."""

    def prune_cost_log_events(self, limit: int) -> int:
        """Delete up to `limit` ids of log events that cannot be read again; give how many."""


class Dependency(Protocol):
    """A server that the shop needs."""

    @property
    def name(self) -> str:
        """Display name."""

    @property
    def required(self) -> bool:
        """Whether the shop is down without it."""

    def check(self) -> bool:
        """Return True once the server answers, False if it is not configured.

        Raises
        ------
        DependencyUnavailable
            If it does not answer.
        """


class BusinessFigures(Protocol):
    """Business figures from the database."""

    def business(self, period: Period) -> Business:
        """Count what happened in a period."""

    def top_products(self, period: Period, limit: int) -> list[SoldProduct]:
        """List the products that sold best in a period, by revenue."""

    def revenue_by_hour(self, period: Period) -> list[HourlyRevenue]:
        """Sum up what was paid in each hour that had a payment."""

    def gauges(self) -> Gauges:
        """Read the present operational figures."""

    def record_stock(self, now: datetime) -> None:
        """Record what is on hand as the stock of this day; the last record of a day counts."""


class QueueDepths(Protocol):
    """How many messages wait in queues."""

    def total(self, queues: Sequence[str]) -> int:
        """Sum up the messages that are ready in queues.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """
