"""Ports of running the shop: old records, whether the servers answer, and how business goes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shop.domain.business import Business, Gauges, HourlyRevenue, Period, SoldProduct


class Records(Protocol):
    """Rows that have served their time."""

    def prune_idempotency_keys(self, limit: int) -> int:
        """Delete up to `limit` keys older than 24 hours; give how many."""

    def prune_inbox(self, limit: int) -> int:
        """Delete up to `limit` inbox rows older than 30 days; give how many."""

    def prune_outbox(self, limit: int) -> int:
        """Delete up to `limit` events that were published more than 90 days ago; give how many."""

    def prune_webhook_events(self, limit: int) -> int:
        """Delete up to `limit` webhooks that came more than 90 days ago; give how many.

        The provider sends none again that is as old as that.
        """


class Dependency(Protocol):
    """A server that the shop needs."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def required(self) -> bool:
        """Whether nothing works without it."""

    def check(self) -> bool:
        """Return when it answers; False if it is not configured.

        Raises
        ------
        DependencyUnavailable
            If it does not answer.
        """


class BusinessFigures(Protocol):
    """How business goes, as the database has it."""

    def business(self, period: Period) -> Business:
        """Count what happened in a period."""

    def top_products(self, period: Period, limit: int) -> list[SoldProduct]:
        """List the products that sold best in a period, by revenue."""

    def revenue_by_hour(self, period: Period) -> list[HourlyRevenue]:
        """Sum up what was paid in each hour that had a payment."""

    def gauges(self) -> Gauges:
        """Read what the database shows of this moment."""

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
