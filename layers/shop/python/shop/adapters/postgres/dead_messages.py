"""Records of dead-lettered messages in PostgreSQL."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, override

from shop.adapters.postgres.database import Transaction
from shop.domain.messages import DeadMessage
from shop.services.messaging.ports import DeadMessageRecords

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('dead_messages', 35)) AS locked"
_KNOWN: Final = """
    SELECT queue, sum(copies) AS messages FROM dead_messages GROUP BY queue
    HAVING min(seen_at) > clock_timestamp() - interval '1 hour'
"""
# Of a queue that is too long to be read at once, what has not been met for two hours is gone.
_DELETE_OTHERS: Final = """
    DELETE FROM dead_messages WHERE queue = %s AND digest <> ALL(%s::bytea[])
       AND (%s OR seen_at < clock_timestamp() - interval '2 hours')
"""
_RECORD: Final = """
    INSERT INTO dead_messages (queue, digest, message_id, order_id, reason, dead_at, copies)
    SELECT %(queue)s, found.* FROM unnest(
        %(digests)s::bytea[], %(message_ids)s::text[], %(order_ids)s::uuid[], %(reasons)s::text[],
        %(times)s::timestamptz[], %(copies)s::integer[]) AS found
    ON CONFLICT (queue, digest) DO UPDATE SET
        copies = excluded.copies, reason = excluded.reason, seen_at = clock_timestamp()
"""


class PostgresDeadMessages(DeadMessageRecords):
    """Records of dead-lettered messages in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def lock(self) -> bool:
        row = self._transaction.row(_LOCK)
        return row is not None and row.locked

    @override
    def known(self) -> Mapping[str, int]:
        return {row.queue: row.messages for row in self._transaction.rows(_KNOWN)}

    @override
    def replace(self, queue: str, messages: Sequence[DeadMessage], *, complete: bool) -> None:
        by_digest = {_digest(message): message for message in messages}
        copies = Counter(map(_digest, messages))
        digests = list(by_digest)
        self._transaction.send(_DELETE_OTHERS, (queue, digests, complete))
        found = list(by_digest.values())
        self._transaction.send(
            _RECORD,
            {
                "queue": queue,
                "digests": digests,
                "message_ids": [message.message_id for message in found],
                "order_ids": [message.order_id for message in found],
                "reasons": [message.reason for message in found],
                "times": [message.dead_at for message in found],
                "copies": [copies[digest] for digest in digests],
            },
        )


def _digest(message: DeadMessage) -> bytes:
    """Return what tells messages apart: a malformed one may have no id."""
    return hashlib.sha256((message.message_id or "").encode() + b"\0" + message.body).digest()
