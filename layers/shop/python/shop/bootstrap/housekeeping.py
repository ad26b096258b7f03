"""Records that are deleted after their retention period."""

from shop.adapters.postgres.records import PostgresRecords
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.platform.ports import Records


@part
def records(_settings: Settings) -> Records:
    """Rows past their retention period."""
    return PostgresRecords(database())
