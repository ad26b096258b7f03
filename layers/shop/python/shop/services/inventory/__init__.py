"""Stock and the holds on it."""

from shop.services.inventory.announcements import EXPIRED
from shop.services.inventory.holds import (
    confirm_order,
    hold_stock,
    hold_stock_for,
    release_order,
    release_stock,
)
from shop.services.inventory.levels import change_stock, get_stock
from shop.services.inventory.sweep import expire_reservations

__all__ = [
    "EXPIRED",
    "change_stock",
    "confirm_order",
    "expire_reservations",
    "get_stock",
    "hold_stock",
    "hold_stock_for",
    "release_order",
    "release_stock",
]
