"""Every five minutes: emit the metrics that the database and the broker have, record dead messages."""

from datetime import UTC, datetime

from shop.bootstrap.business import business_figures
from shop.bootstrap.dead_letters import dead_letters
from shop.bootstrap.postgres import write
from shop.bootstrap.queues import queue_depths
from shop.bootstrap.work.dead_messages import PostgresDeadMessagesWork
from shop.contracts.events import QUEUES
from shop.entrypoints.schedule import schedule
from shop.services.messaging.dead import record_dead_messages
from shop.services.platform.metrics import collect_metrics


@schedule
def handler(_seconds: float) -> dict[str, int]:
    """Emit conversion, revenue, stock turnover, connections, payments in doubt and queue depths.

    What waits in the dead-letter queues is recorded for the order desk.
    """
    counts = collect_metrics(business_figures(), queue_depths(), datetime.now(UTC))
    record_dead_messages(dead_letters(), write(PostgresDeadMessagesWork), QUEUES)
    return counts
