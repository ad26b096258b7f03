"""Links by e-mail in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from datetime import timedelta
from typing import Final, override
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.links import Link, LinkKind
from shop.services.identity.ports import LinkRepository

_LINK: Final = "id AS link_id, kind, email, order_number, order_id, customer_id"
_ADD: Final = """
    INSERT INTO links (id, kind, email, order_number, customer_id, expires_at)
    VALUES (%s, %s, %s, %s, %s, now() + %s)
"""
_LOCK_UNSENT: Final = f"""
    SELECT {_LINK} FROM links
    WHERE id = %s AND token_sha256 IS NULL AND expires_at > now() FOR UPDATE
"""
_ORDER: Final = """
    SELECT id FROM orders WHERE number = %s AND email = %s ORDER BY created_at DESC LIMIT 1
"""
_ISSUE: Final = "UPDATE links SET token_sha256 = %s, order_id = %s, customer_id = %s WHERE id = %s"
_DELIVERED: Final = """
    UPDATE links SET refused_at = NULL WHERE refused_at IS NOT NULL AND email = %s AND kind = %s
"""
_USE: Final = f"""
    UPDATE links SET used_at = now()
    WHERE token_sha256 = %s AND kind = %s AND used_at IS NULL AND expires_at > now()
    RETURNING {_LINK}
"""


class PostgresLinks(LinkRepository):
    """Links by e-mail in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def add(self, link: Link, lifetime: timedelta) -> None:
        self._transaction.execute(
            _ADD,
            (
                link.link_id,
                link.kind.value,
                link.email,
                link.order_number,
                link.customer_id,
                lifetime,
            ),
        )

    @override
    def lock_unsent(self, link_id: UUID) -> Link | None:
        return self._transaction.one(Link, _LOCK_UNSENT, (link_id,))

    @override
    def order_of(self, link: Link) -> UUID | None:
        found = self._transaction.row(_ORDER, (link.order_number, link.email))
        return None if found is None else found.id

    @override
    def issue(self, link: Link, token_digest: bytes) -> None:
        self._transaction.execute(
            _ISSUE, (token_digest, link.order_id, link.customer_id, link.link_id)
        )

    @override
    def refused(self, link: Link) -> None:
        self._transaction.send("UPDATE links SET refused_at = now() WHERE id = %s", (link.link_id,))

    @override
    def delivered(self, link: Link) -> None:
        self._transaction.send(_DELIVERED, (link.email, link.kind.value))

    @override
    def use(self, kind: LinkKind, token_digest: bytes) -> Link | None:
        return self._transaction.one(Link, _USE, (token_digest, kind.value))
