"""The order desk in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from collections.abc import Sequence
from typing import Any, Final, override
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.audit import AuditRow
from shop.domain.cursors import Place
from shop.domain.desk import (
    DeadMessageRow,
    DeskOrder,
    Need,
    Note,
    OrderFile,
    OrderSearch,
    UndeliverableMail,
)
from shop.services.desk.ports import DeskRepository

_REFUND_REFUSED: Final = "EXISTS (SELECT FROM refunds_in_need AS r WHERE r.order_id = o.id)"
# Reconciliation asks the provider every minute; what is still open after an hour, it cannot settle.
_IN_DOUBT: Final = """EXISTS (
    SELECT FROM payments AS y WHERE y.order_id = o.id AND y.status IN ('processing', 'requires_action')
                                AND y.updated_at < clock_timestamp() - interval '1 hour')"""
_UNDELIVERABLE: Final = """(EXISTS (
    SELECT FROM notifications AS n WHERE n.order_id = o.id AND n.outcome = 'refused') OR EXISTS (
    SELECT FROM links AS k WHERE k.order_id = o.id AND k.refused_at IS NOT NULL))"""
_DEAD: Final = "EXISTS (SELECT FROM dead_messages AS m WHERE m.order_id = o.id)"
_UNEXPECTED: Final = """EXISTS (
    SELECT FROM unexpected_payments AS u WHERE u.order_id = o.id AND u.refunded_minor < u.amount_minor)"""
_DISPUTED: Final = "EXISTS (SELECT FROM open_disputes AS d WHERE d.order_id = o.id)"
_RETURN_REQUESTED: Final = """EXISTS (
    SELECT FROM returns AS e WHERE e.order_id = o.id AND e.status = 'requested')"""
# Its charge is, or was, disputed when the units came, or the bank did not take the money.
_RETURN_NOT_REFUNDED: Final = """EXISTS (
    SELECT FROM returns AS e WHERE e.order_id = o.id AND e.status = 'received' AND NOT EXISTS (
        SELECT FROM refunds AS r WHERE r.return_id = e.id AND r.status IN ('pending', 'succeeded')))"""
#: What needs a decision by staff, by the name under which the desk shows it.
_REASONS: Final = {
    "refund_refused": _REFUND_REFUSED,
    "payment_in_doubt": _IN_DOUBT,
    "payment_unexpected": _UNEXPECTED,
    "charge_disputed": _DISPUTED,
    "return_requested": _RETURN_REQUESTED,
    "return_not_refunded": _RETURN_NOT_REFUNDED,
    "mail_undeliverable": _UNDELIVERABLE,
    "message_dead": _DEAD,
}
_ATTENTION: Final = "array_remove(ARRAY[{}], NULL) AS attention".format(
    ", ".join(
        f"CASE WHEN {condition} THEN '{reason}' END" for reason, condition in _REASONS.items()
    )
)
_REFUNDING: Final = f"""(EXISTS (
    SELECT FROM refunds AS r WHERE r.order_id = o.id AND r.status = 'pending') OR {_REFUND_REFUSED})"""

_NEEDS: Final = {
    Need.SHIP: f"o.status = 'PROCESSING' AND NOT {_REFUNDING}",
    Need.REFUND: f"({_REFUNDING} OR {_RETURN_NOT_REFUNDED})",
    Need.ATTENTION: f"({' OR '.join(_REASONS.values())})",
}
_CONDITIONS: Final = {
    "status": "o.status = %(status)s",
    "email": "lower(o.email) = lower(%(email)s)",
    "number": "o.number = %(number)s",
    "sku": (
        "EXISTS (SELECT FROM order_items AS l JOIN products AS p ON p.id = l.product_id"
        " WHERE l.order_id = o.id AND p.plain_sku = %(sku)s)"
    ),
    "created_from": "o.created_at >= %(created_from)s",
    "created_to": "o.created_at < %(created_to)s",
}
_AFTER: Final = "(o.created_at, o.id) < (%(key)s::timestamptz, %(id)s::uuid)"

_PARTS: Final = {
    "payments": """SELECT payment_intent_id, status, amount_minor, failure_code, created_at, updated_at
        FROM payments WHERE order_id = %(id)s ORDER BY attempt""",
    "refunds": """SELECT payment_intent_id, status, amount_minor, reason, problem, created_at, updated_at
        FROM refunds WHERE order_id = %(id)s ORDER BY created_at""",
    "holds": """SELECT product_id, quantity, status, expires_at
        FROM reservations WHERE order_id = %(id)s ORDER BY product_id""",
    # Each half has an index of its own.
    "events": """SELECT event_id, event_type, occurred_at, published_at, body FROM (
            SELECT * FROM outbox WHERE aggregate_id = %(id)s::text AND published_at IS NOT NULL
            UNION ALL
            SELECT * FROM outbox WHERE aggregate_id = %(id)s::text AND published_at IS NULL) AS u
        ORDER BY sequence""",
    "mails": """SELECT kind, outcome, finished_at FROM notifications WHERE order_id = %(id)s
            UNION ALL
            SELECT 'order_link', 'refused', refused_at FROM links
            WHERE order_id = %(id)s AND refused_at IS NOT NULL
        ORDER BY kind, finished_at""",
    "dead_messages": """SELECT id, queue, message_id, order_id, reason, dead_at FROM dead_messages
        WHERE order_id = %(id)s ORDER BY dead_at, id""",
    "notes": """SELECT id AS note_id, author_id, text, created_at FROM order_notes
        WHERE order_id = %(id)s ORDER BY created_at, id""",
    "audit": """SELECT * FROM audit_log WHERE subject_id = %(id)s::text AND subject = 'order' ORDER BY id""",
}
_FILE: Final = f"""
    SELECT {_ATTENTION}, {
    ", ".join(
        f"(SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM ({part}) AS x) AS {name}"
        for name, part in _PARTS.items()
    )
}
    FROM orders AS o WHERE o.id = %(id)s
"""
_DEAD_MESSAGES: Final = """
    SELECT id, queue, message_id, order_id, reason, dead_at FROM dead_messages
    WHERE (%(queue)s::text IS NULL OR queue = %(queue)s)
      AND (%(key)s::timestamptz IS NULL OR (dead_at, id) < (%(key)s, %(id)s::uuid))
    ORDER BY dead_at DESC, id DESC LIMIT %(limit)s
"""
# Each half has an index of its own, and no more of it is read than is asked for.
_MAILS: Final = """
    SELECT * FROM (
        (SELECT n.order_id AS id, n.kind, n.recipient, n.order_id, NULL::uuid AS customer_id,
                n.finished_at AS refused_at
         FROM notifications AS n
         WHERE n.outcome = 'refused'
           AND (%(key)s::timestamptz IS NULL OR (n.finished_at, n.order_id) < (%(key)s, %(id)s::uuid))
         ORDER BY n.finished_at DESC, n.order_id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT k.id, CASE k.kind WHEN 'order' THEN 'order_link' ELSE k.kind END, k.email, k.order_id,
                k.customer_id, k.refused_at
         FROM links AS k
         WHERE k.refused_at IS NOT NULL
           AND (%(key)s::timestamptz IS NULL OR (k.refused_at, k.id) < (%(key)s, %(id)s::uuid))
         ORDER BY k.refused_at DESC, k.id DESC LIMIT %(limit)s)) AS refused
    ORDER BY refused_at DESC, id DESC LIMIT %(limit)s
"""
_NOTE: Final = "id AS note_id, author_id, text, created_at"
_ADD_NOTE: Final = f"""
    INSERT INTO order_notes (id, order_id, author_id, text) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING {_NOTE}
"""
_AUDIT: Final = """
    SELECT * FROM audit_log
    WHERE (%(actor_id)s::uuid IS NULL OR actor_id = %(actor_id)s)
      AND (%(subject)s::text IS NULL OR subject = %(subject)s)
      AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
      AND (%(before)s::bigint IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


class PostgresDesk(DeskRepository):
    """The order desk in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def orders(self, search: OrderSearch, limit: int, after: Place | None) -> Sequence[DeskOrder]:
        values: dict[str, Any] = {
            name: value for name in _CONDITIONS if (value := getattr(search, name)) is not None
        }
        conditions = [_CONDITIONS[name] for name in values]
        if search.needs is not None:
            conditions.append(_NEEDS[search.needs])
        if after is not None:
            conditions.append(_AFTER)
            values |= {"key": after.key, "id": after.id}
        return self._transaction.all(
            DeskOrder,
            f"""
            SELECT o.id AS order_id, o.number, o.user_id, o.email, o.status, o.total_minor, o.currency,
                   o.created_at,
                   (SELECT sum(quantity) FROM order_items WHERE order_id = o.id) AS units, {_ATTENTION}
            FROM orders AS o WHERE {" AND ".join(conditions) or "TRUE"}
            ORDER BY o.created_at DESC, o.id DESC LIMIT %(limit)s
            """,
            values | {"limit": limit},
        )

    @override
    def file(self, order_id: UUID) -> OrderFile:
        file = self._transaction.one(OrderFile, _FILE, {"id": order_id})
        if file is None:
            raise RuntimeError("the order was read before, and orders are never deleted")
        return file

    @override
    def add_note(self, note_id: UUID, order_id: UUID, author_id: UUID, text: str) -> Note | None:
        return self._transaction.one(Note, _ADD_NOTE, (note_id, order_id, author_id, text))

    @override
    def note(self, note_id: UUID) -> Note | None:
        return self._transaction.one(
            Note, f"SELECT {_NOTE} FROM order_notes WHERE id = %s", (note_id,)
        )

    @override
    def dead_messages(
        self, queue: str | None, limit: int, after: Place | None
    ) -> Sequence[DeadMessageRow]:
        return self._transaction.all(
            DeadMessageRow, _DEAD_MESSAGES, {"queue": queue, "limit": limit, **_beyond(after)}
        )

    @override
    def undeliverable_mails(self, limit: int, after: Place | None) -> Sequence[UndeliverableMail]:
        return self._transaction.all(UndeliverableMail, _MAILS, {"limit": limit, **_beyond(after)})

    @override
    def audit(
        self,
        *,
        actor_id: UUID | None,
        subject: str | None,
        subject_id: str | None,
        limit: int,
        before: int | None,
    ) -> Sequence[AuditRow]:
        return self._transaction.all(
            AuditRow,
            _AUDIT,
            {
                "actor_id": actor_id,
                "subject": subject,
                "subject_id": subject_id,
                "limit": limit,
                "before": before,
            },
        )


def _beyond(place: Place | None) -> dict[str, Any]:
    return {"key": place and place.key, "id": place and place.id}
