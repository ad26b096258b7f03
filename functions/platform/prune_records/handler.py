"""Every day: delete records past their retention period."""

from shop.bootstrap.housekeeping import records
from shop.entrypoints.schedule import schedule
from shop.services.platform import housekeeping


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Delete old idempotency keys, inbox rows, published events, webhook events and ids of log events."""
    return housekeeping.prune(records(), seconds=seconds)
