"""Every minute: collect what AWS bills from the logs into the ledger."""

from datetime import UTC, datetime

from shop.bootstrap import environment
from shop.bootstrap.finance import ledger, log_reader
from shop.entrypoints.schedule import schedule
from shop.services.finance.collect import Collector
from shop.services.finance.documents import Documents


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Collect costs from the log groups of the functions and of API Gateway."""
    settings = environment().settings
    documents = Documents(ledger().price_list(settings.price_region), settings.architecture)
    groups = [settings.function_log_group, settings.access_log_group]
    collector = Collector(log_reader(), ledger(), documents)
    return collector.run(groups, datetime.now(UTC), seconds=seconds)
