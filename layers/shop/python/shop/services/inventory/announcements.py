"""Events about stock."""

from collections.abc import Iterable
from uuid import UUID

from shop.contracts.events import InventoryReleased, InventoryUpdated
from shop.domain.inventory import Hold, StockLevel
from shop.domain.orders import CancelReason
from shop.services.unit_of_work import UnitOfWork


def announce_levels(
    work: UnitOfWork, levels: Iterable[StockLevel], correlation_id: UUID | str
) -> None:
    """Record ``inventory.updated`` for products."""
    for level in levels:
        work.record(
            InventoryUpdated(
                product_id=level.product_id,
                quantity_available=level.available,
                stock_version=level.version,
            ),
            correlation_id=correlation_id,
        )


def announce_released(
    work: UnitOfWork, hold: Hold, reason: str, correlation_id: UUID | str
) -> None:
    """Record ``inventory.released`` for released lines."""
    work.record(
        InventoryReleased(
            order_id=hold.order_id,
            reservation_id=hold.reservation_id,
            items=list(hold.items),
            reason=reason,
        ),
        correlation_id=correlation_id,
    )


def announce_lapsed(work: UnitOfWork, lapsed: Iterable[Hold], correlation_id: UUID | str) -> None:
    """Record events for lapsed lines that a new hold has expired; the sweep handles the remaining ones."""
    for hold in lapsed:
        announce_released(work, hold, CancelReason.RESERVATION_EXPIRED, correlation_id)
