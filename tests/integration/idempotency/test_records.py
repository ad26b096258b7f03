"""Idempotency records on PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.idempotency import PostgresIdempotencyRecords
from shop.domain.errors import Conflict, ShopError
from shop.domain.idempotency import Claim, StoredAnswer
from tests.support.at_once import at_once
from tests.support.stock import query

HASH, OTHER_HASH = b"\x01" * 32, b"\x02" * 32
ANSWER = StoredAnswer(201, '{"a": "é"}', {"Location": "/x", "Content-Type": "application/json"})


@pytest.fixture
def records(database: str) -> Iterator[PostgresIdempotencyRecords]:
    connection = Database(database)
    yield PostgresIdempotencyRecords(connection)
    connection.close()


def claim(records: PostgresIdempotencyRecords, key: str = "k", digest: bytes = HASH) -> Claim:
    return records.claim("somebody", "POST /x", key, digest)


def test_the_answer_is_replayed(records: PostgresIdempotencyRecords) -> None:
    first = claim(records)
    assert first.answer is None
    records.complete(first, ANSWER)
    again = claim(records)
    assert again.answer == ANSWER
    assert again.resource_id == first.resource_id


def test_subjects_operations_and_keys_are_separate(records: PostgresIdempotencyRecords) -> None:
    records.complete(claim(records), ANSWER)
    assert records.claim("another", "POST /x", "k", HASH).answer is None
    assert records.claim("somebody", "POST /y", "k", HASH).answer is None
    assert claim(records, "another key").answer is None


@pytest.mark.parametrize("answered", [False, True])
def test_another_request_with_the_key_is_refused(
    records: PostgresIdempotencyRecords, answered: bool
) -> None:
    first = claim(records)
    if answered:
        records.complete(first, ANSWER)
    with pytest.raises(ShopError) as refused:
        claim(records, digest=OTHER_HASH)
    assert refused.value.code == "idempotency_key_reused"
    # The first claim is not affected.
    if not answered:
        records.complete(first, ANSWER)
    assert claim(records).answer == ANSWER


def test_a_request_in_progress_is_a_conflict(records: PostgresIdempotencyRecords) -> None:
    claim(records)
    with pytest.raises(Conflict) as refused:
        claim(records)
    assert refused.value.code == "request_in_progress"
    assert refused.value.retry_after_seconds


def test_a_released_key_is_free_at_once(records: PostgresIdempotencyRecords) -> None:
    first = claim(records)
    records.abandon(first)
    second = claim(records)
    assert second.answer is None
    assert second.claim_id != first.claim_id
    assert second.resource_id == first.resource_id


def test_a_crashed_request_is_taken_over(
    records: PostgresIdempotencyRecords, database: str
) -> None:
    crashed = claim(records)
    query(database, "UPDATE idempotency_keys SET locked_until = now() - interval '1 millisecond'")
    successor = claim(records)
    assert successor.answer is None
    assert successor.resource_id == crashed.resource_id
    # The slow first request can neither complete nor release the claim that another request has taken over.
    records.complete(crashed, StoredAnswer(500, "late"))
    records.abandon(crashed)
    with pytest.raises(Conflict):
        claim(records)
    records.complete(successor, ANSWER)
    assert claim(records).answer == ANSWER


def test_the_lock_outlives_every_function(
    records: PostgresIdempotencyRecords, database: str
) -> None:
    """API Gateway times out after 29 s, and the functions after 28 s."""
    claim(records)
    left = "SELECT extract(epoch FROM locked_until - now()) > 29 FROM idempotency_keys"
    assert query(database, left) == [(True,)]


def test_keys_expire_after_a_day(records: PostgresIdempotencyRecords, database: str) -> None:
    first = claim(records)
    records.complete(first, ANSWER)
    query(
        database, "UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'"
    )
    assert claim(records).answer == ANSWER
    query(database, "UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'")
    fresh = claim(records, digest=OTHER_HASH)
    assert fresh.answer is None
    assert fresh.resource_id != first.resource_id
    records.complete(fresh, ANSWER)
    assert claim(records, digest=OTHER_HASH).answer == ANSWER


def test_many_at_once_give_one_claim(database: str) -> None:
    def run() -> str:
        with closing(Database(database)) as connection:
            try:
                claim(PostgresIdempotencyRecords(connection))
            except Conflict as error:
                return error.code
            return "claimed"

    assert Counter(at_once([run] * 20)) == {"claimed": 1, "request_in_progress": 19}


def test_many_at_once_take_a_crashed_one_over_once(
    records: PostgresIdempotencyRecords, database: str
) -> None:
    claim(records)
    query(database, "UPDATE idempotency_keys SET locked_until = now() - interval '1 second'")
    test_many_at_once_give_one_claim(database)
