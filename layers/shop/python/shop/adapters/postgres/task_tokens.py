"""Task tokens in PostgreSQL."""

from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.services.orders.ports import Step


class PostgresTaskTokens:
    """See `shop.services.orders.ports.TaskTokens`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put(self, order_id: UUID, step: Step, token: str) -> bool:
        """Note where an order's fulfilment waits; False if there is no such order."""
        noted = self._transaction.execute(
            "INSERT INTO task_tokens (order_id, step, token)"
            " SELECT id, %s, %s FROM orders WHERE id = %s"
            " ON CONFLICT (order_id, step) DO UPDATE"
            " SET token = excluded.token, created_at = now()",
            (step.value, token, order_id),
        )
        return noted == 1

    def take(self, order_id: UUID, step: Step) -> str | None:
        """Take a token away, if there is one."""
        row = self._transaction.row(
            "DELETE FROM task_tokens WHERE order_id = %s AND step = %s RETURNING token",
            (order_id, step.value),
        )
        return None if row is None else row.token
