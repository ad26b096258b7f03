"""Committed events that are not published yet."""

from shop.adapters.postgres.outbox import PostgresOutbox
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database


@part
def outbox(_settings: Settings) -> PostgresOutbox:
    """Committed events that are not published yet."""
    return PostgresOutbox(database())
