"""Stock levels."""

from uuid import UUID

from shop.domain.catalog import product_not_found
from shop.domain.inventory import StockChange, StockLevel
from shop.services.inventory.announcements import announce_lapsed, announce_levels
from shop.services.inventory.ports import InventoryWork
from shop.services.unit_of_work import OpenReading, OpenUnitOfWork


def get_stock(read: OpenReading[InventoryWork], product_id: UUID) -> StockLevel:
    """Read the stock of a product.

    Raises
    ------
    NotFound
        ``product_not_found``.
    """
    with read() as work:
        levels = work.inventory.stock([product_id])
    if not levels:
        raise product_not_found(product_id)
    return levels[0]


def change_stock(
    open_unit_of_work: OpenUnitOfWork[InventoryWork],
    product_id: UUID,
    change: StockChange,
    correlation_id: str,
) -> StockLevel:
    """Change the quantity on hand of a product and record the event.

    Raises
    ------
    NotFound
        ``product_not_found``.
    Conflict
        ``stock_conflict``: the quantity on hand would fall below what orders hold.
    """
    with open_unit_of_work() as work:
        changed = work.inventory.change_stock(product_id, change)
        if changed is None:
            raise product_not_found(product_id)
        if changed.is_new:
            work.audit(
                "stock.changed",
                "product",
                product_id,
                before={"on_hand": changed.on_hand_before},
                after={"on_hand": changed.level.on_hand, "reason": change.reason},
            )
            announce_lapsed(work, changed.lapsed, correlation_id)
            announce_levels(work, [changed.level], correlation_id)
    return changed.level
