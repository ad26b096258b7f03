"""The ledger, and the logs that it is collected from."""

from shop.adapters.aws.log_events import CloudWatchLogReader
from shop.adapters.postgres.costs import PostgresLedger
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.finance.ports import Ledger, LogReader


@part
def log_reader(_settings: Settings) -> LogReader:
    """The log groups."""
    return CloudWatchLogReader()


@part
def ledger(_settings: Settings) -> Ledger:
    """Where costs are recorded."""
    return PostgresLedger(database())
