"""The records of the Idempotency-Key header."""

from shop.adapters.postgres.idempotency import PostgresIdempotencyRecords
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.idempotency.ports import IdempotencyRecords


@part
def idempotency(_settings: Settings) -> IdempotencyRecords:
    """Idempotency keys and their stored answers."""
    return PostgresIdempotencyRecords(database())
