"""Every five minutes: record events for new carts and for abandoned carts."""

from datetime import UTC, datetime

from shop.bootstrap.redis import carts
from shop.bootstrap.transactions import unit_of_work
from shop.entrypoints.schedule import schedule
from shop.services.cart.tracking import track_carts


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Record events for new carts and for abandoned carts."""
    return track_carts(carts(), unit_of_work, datetime.now(UTC))
