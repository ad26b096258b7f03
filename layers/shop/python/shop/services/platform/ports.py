"""Ports of running the shop: dead messages, old records, and whether the servers answer."""

from typing import Protocol


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

    def prune_cost_log_events(self, limit: int) -> int:
        """Delete up to `limit` ids of log events that cannot be read again; give how many."""


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
