"""Every five minutes: record events for new carts and for abandoned carts."""

from datetime import UTC, datetime

from shop.bootstrap.cart import carts
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work import PostgresUnitOfWork
from shop.entrypoints.schedule import schedule
from shop.services.cart.tracking import track_carts


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Record events for new carts and for abandoned carts."""
    return track_carts(carts(), unit_of_work(PostgresUnitOfWork), datetime.now(UTC))
