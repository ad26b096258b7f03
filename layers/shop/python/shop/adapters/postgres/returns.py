"""Returns in PostgreSQL. Every method is one statement."""

from collections.abc import Collection, Mapping, Sequence
from typing import override
from uuid import UUID

from shop.adapters.postgres import returns_sql as sql
from shop.adapters.postgres.database import Transaction
from shop.domain.returns import Return, ReturnStatus, sources_of
from shop.services.returns.ports import ReturnRepository


class PostgresReturns(ReturnRepository):
    """Returns in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def add(self, returned: Return) -> None:
        self._transaction.send(
            sql.ADD,
            {
                "return_id": returned.return_id,
                "order_id": returned.order_id,
                "reason": returned.reason,
                "products": [line.product_id for line in returned.lines],
                "quantities": [line.quantity for line in returned.lines],
            },
        )

    @override
    def get(self, return_id: UUID) -> Return | None:
        return self._transaction.one(Return, sql.GET, (return_id,))

    @override
    def of_order(self, order_id: UUID) -> Sequence[Return]:
        return self._transaction.all(Return, sql.OF_ORDER, (order_id,))

    @override
    def free_units(self, order_id: UUID) -> Mapping[UUID, int]:
        rows = self._transaction.rows(sql.FREE_UNITS, (order_id,))
        return {row.product_id: row.quantity for row in rows}

    @override
    def move(
        self,
        return_id: UUID,
        target: ReturnStatus,
        *,
        rejection_reason: str | None = None,
        restock: Collection[UUID] | None = None,
    ) -> bool:
        moved = self._transaction.row(
            sql.MOVE,
            {
                "return_id": return_id,
                "target": target.value,
                "sources": sorted(status.value for status in sources_of(target)),
                "rejection_reason": rejection_reason,
                "restock": None if restock is None else list(restock),
            },
        )
        return moved is not None
