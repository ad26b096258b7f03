"""Delete old records in PostgreSQL, one batch per transaction."""

from typing import Final, override

from shop.adapters.postgres.database import Database
from shop.services.platform.ports import Records

# Locked rows are in use; a later run deletes them.
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
_LINKS: Final = """
    DELETE FROM links WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM links WHERE expires_at < now() - interval '1 day'
                                 AND (refused_at IS NULL OR refused_at < now() - interval '30 days')
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
# Until then a checkout that read the cart before it moved has ended, and so has the guest's session.
_CART_OWNERS: Final = """
    DELETE FROM cart_owners WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM cart_owners WHERE moved_at < now() - interval '30 days'
        ORDER BY moved_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
# An event may be read again while its log group has not been collected beyond it, however long that takes.
_COST_LOG_EVENTS: Final = """
    DELETE FROM cost_log_events WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM cost_log_events
        WHERE seen_at < (SELECT min(collected_until) FROM cost_collections) - interval '1 day'
        ORDER BY seen_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""


class PostgresRecords(Records):
    """Old rows in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def prune_idempotency_keys(self, limit: int) -> int:
        return self._delete(_IDEMPOTENCY_KEYS, limit)

    @override
    def prune_inbox(self, limit: int) -> int:
        return self._delete(_INBOX, limit)

    @override
    def prune_outbox(self, limit: int) -> int:
        return self._delete(_OUTBOX, limit)

    @override
    def prune_webhook_events(self, limit: int) -> int:
        return self._delete(_WEBHOOK_EVENTS, limit)

    @override
    def prune_cost_log_events(self, limit: int) -> int:
        return self._delete(_COST_LOG_EVENTS, limit)

    @override
    def prune_links(self, limit: int) -> int:
        return self._delete(_LINKS, limit)

    @override
    def prune_cart_owners(self, limit: int) -> int:
        return self._delete(_CART_OWNERS, limit)

    def _delete(self, statement: str, limit: int) -> int:
        with self._database.autocommit() as transaction:
            return transaction.execute(statement, (limit,))
