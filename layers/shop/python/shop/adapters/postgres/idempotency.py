"""Idempotency records in PostgreSQL: the primary key decides which of two identical requests runs."""

from typing import Final, override

from psycopg.types.json import Jsonb

from shop.adapters.postgres.database import Database
from shop.domain.errors import Conflict, ShopError
from shop.domain.idempotency import Claim, StoredAnswer
from shop.domain.ids import new_id
from shop.services.idempotency.ports import IdempotencyRecords

#: A claim older than this belongs to a request that crashed; API Gateway waits at most 29 s.
_LOCK_SECONDS: Final = 30
_KEPT: Final = "24 hours"

_CLAIM: Final = f"""
    INSERT INTO idempotency_keys AS known
        (subject, operation, key, request_hash, resource_id, claim_id, locked_until)
    VALUES (%(subject)s, %(operation)s, %(key)s, %(hash)s, %(resource)s, %(claim)s,
            now() + interval '{_LOCK_SECONDS} seconds')
    ON CONFLICT (subject, operation, key) DO UPDATE SET
        (request_hash, resource_id, claim_id, locked_until,
         response_status, response_headers, response_body, created_at) = (
        SELECT excluded.request_hash, excluded.resource_id, excluded.claim_id, excluded.locked_until,
               NULL::integer, NULL::jsonb, NULL::text, now()
        WHERE known.created_at < now() - interval '{_KEPT}'
        UNION ALL
        SELECT known.request_hash, known.resource_id,
               CASE WHEN takeover THEN excluded.claim_id ELSE known.claim_id END,
               CASE WHEN takeover THEN excluded.locked_until ELSE known.locked_until END,
               known.response_status, known.response_headers, known.response_body, known.created_at
        FROM (SELECT known.response_status IS NULL AND known.locked_until <= now()
                     AND known.request_hash = excluded.request_hash AS takeover) AS decision
        WHERE known.created_at >= now() - interval '{_KEPT}')
    RETURNING request_hash = %(hash)s AS is_same_request, claim_id = %(claim)s AS is_claimed, resource_id,
              response_status, response_headers, response_body
"""  # noqa: S608 - only constants of this module are put in


class PostgresIdempotencyRecords(IdempotencyRecords):
    """Idempotency keys in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def claim(self, subject: str, operation: str, key: str, request_hash: bytes) -> Claim:
        mine = new_id()
        with self._database.autocommit() as transaction:
            row = transaction.row(
                _CLAIM,
                {
                    "subject": subject,
                    "operation": operation,
                    "key": key,
                    "hash": request_hash,
                    "resource": new_id(),
                    "claim": mine,
                },
            )
        if row is None:
            raise RuntimeError("an upsert with RETURNING gave no row")
        if not row.is_same_request:
            raise ShopError(
                "This Idempotency-Key was sent before with another body.",
                code="idempotency_key_reused",
            )
        if row.response_status is None and not row.is_claimed:
            conflict = Conflict("The first request with this Idempotency-Key is still running.",
                                code="request_in_progress")  # fmt: skip
            conflict.retry_after_seconds = 1
            raise conflict
        answer = None
        if row.response_status is not None:
            answer = StoredAnswer(row.response_status, row.response_body, row.response_headers)
        return Claim(subject, operation, key, mine, row.resource_id, answer)

    @override
    def complete(self, claim: Claim, answer: StoredAnswer) -> None:
        self._update(
            claim,
            "response_status = %s, response_headers = %s, response_body = %s",
            (answer.status, Jsonb(answer.headers), answer.body),
        )

    @override
    def abandon(self, claim: Claim) -> None:
        self._update(claim, "locked_until = now()", ())

    def _update(self, claim: Claim, assignments: str, values: tuple[object, ...]) -> None:
        with self._database.autocommit() as transaction:
            transaction.send(
                f"UPDATE idempotency_keys SET {assignments}"  # noqa: S608 - constants of this class
                " WHERE subject = %s AND operation = %s AND key = %s AND claim_id = %s",
                (*values, claim.subject, claim.operation, claim.key, claim.claim_id),
            )
