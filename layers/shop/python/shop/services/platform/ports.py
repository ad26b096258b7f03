"""Ports of operations: old records and the health of servers."""

from typing import Protocol


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
