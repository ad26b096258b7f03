"""Delete old records in PostgreSQL, a batch a transaction."""

from typing import Final

from shop.adapters.postgres.database import Database

# Locked rows are in use; they are not that old for long, and the next run finds them.
_IDEMPOTENCY_KEYS: Final = """
    DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_INBOX: Final = """
    DELETE FROM inbox WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM inbox WHERE processed_at < now() - interval '30 days'
        ORDER BY processed_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_OUTBOX: Final = """
    DELETE FROM outbox WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM outbox
        WHERE occurred_at < now() - interval '90 days' AND published_at < now() - interval '90 days'
        ORDER BY occurred_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_WEBHOOK_EVENTS: Final = """
    DELETE FROM webhook_events WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM webhook_events WHERE received_at < now() - interval '90 days'
        ORDER BY received_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""


class PostgresRecords:
    """See `shop.services.platform.ports.Records`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune_idempotency_keys(self, limit: int) -> int:
        """Delete up to `limit` keys older than 24 hours; give how many."""
        return self._delete(_IDEMPOTENCY_KEYS, limit)

    def prune_inbox(self, limit: int) -> int:
        """Delete up to `limit` inbox rows older than 30 days; give how many."""
        return self._delete(_INBOX, limit)

    def prune_outbox(self, limit: int) -> int:
        """Delete up to `limit` events that were published more than 90 days ago; give how many."""
        return self._delete(_OUTBOX, limit)

    def prune_webhook_events(self, limit: int) -> int:
        """Delete up to `limit` webhooks that came more than 90 days ago; give how many."""
        return self._delete(_WEBHOOK_EVENTS, limit)

    def _delete(self, statement: str, limit: int) -> int:
        with self._database.transaction() as transaction:
            return transaction.execute(statement, (limit,))
