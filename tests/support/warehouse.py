"""The inventory's repository, each call in a transaction of its own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shop.adapters.postgres.database import Database
from shop.domain.ids import new_id
from shop.domain.inventory import (
    AlreadyHeld,
    Committed,
    Held,
    Hold,
    Item,
    Released,
    StockChange,
    StockLevel,
)
from tests.support.stock import begin_payment, hold, inventory_on


class Warehouse:
    """Each call in a transaction of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)

    def hold(self, order_id: UUID, *lines: tuple[UUID, int], seconds: float = 600) -> Hold:
        return self.try_hold(order_id, *lines, seconds=seconds).hold

    def try_hold(
        self, order_id: UUID, *lines: tuple[UUID, int], seconds: float = 600
    ) -> Held | AlreadyHeld:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        with self.database.transaction() as transaction:
            return hold(
                inventory_on(transaction), order_id, [Item(*line) for line in lines], expires_at
            )

    def begin_payment(self, order_id: UUID) -> bool:
        with self.database.transaction() as transaction:
            return begin_payment(transaction, order_id)

    def release(self, order_id: UUID, *, expired: bool = False) -> Released | None:
        with self.database.transaction() as transaction:
            return inventory_on(transaction).release(order_id, expired=expired)

    def confirm(self, order_id: UUID) -> Committed | None:
        with self.database.transaction() as transaction:
            return inventory_on(transaction).confirm(order_id)

    def level(self, product_id: UUID) -> StockLevel:
        with self.database.transaction() as transaction:
            return inventory_on(transaction).stock([product_id])[0]

    def change(
        self, product_id: UUID, *, on_hand: int | None = None, adjust_by: int | None = None
    ) -> StockLevel | None:
        change = StockChange(on_hand=on_hand, adjust_by=adjust_by, reason="test", actor_id=new_id())
        with self.database.transaction() as transaction:
            changed = inventory_on(transaction).change_stock(product_id, change)
        return changed.level if changed else None
