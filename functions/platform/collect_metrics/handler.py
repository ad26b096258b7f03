"""Every five minutes: emit the metrics that the database and the broker have."""

from datetime import UTC, datetime

from shop.bootstrap.business import business_figures
from shop.bootstrap.queues import queue_depths
from shop.entrypoints.schedule import schedule
from shop.services.platform.metrics import collect_metrics


@schedule
def handler(_seconds: float) -> dict[str, int]:
    """Emit conversion, revenue, stock turnover, connections, payments in doubt and queue depths."""
    return collect_metrics(business_figures(), queue_depths(), datetime.now(UTC))
