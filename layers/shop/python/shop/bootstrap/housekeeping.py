"""What is deleted in the course of time."""

from shop.adapters.postgres.records import PostgresRecords
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.platform.ports import Records


@part
def records(_settings: Settings) -> Records:
    """Rows that have served their time."""
    return PostgresRecords(database())
