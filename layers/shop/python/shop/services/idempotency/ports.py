"""Port of the idempotency records (Idempotency-Key of the HTTP API)."""

from typing import Protocol

from shop.domain.idempotency import Claim, StoredAnswer


class IdempotencyRecords(Protocol):
    """Keys of the last 24 hours with their answers. Kept in PostgreSQL, because money depends on them."""

    def claim(self, subject: str, operation: str, key: str, request_hash: bytes) -> Claim:
        """Take the key, or find its answer, in one statement.

        Raises
        ------
        Conflict
            ``request_in_progress``: another request holds the key.
        ShopError
            ``idempotency_key_reused``: the key was used for another request.
        """

    def complete(self, claim: Claim, answer: StoredAnswer) -> None:
        """Store the final answer."""

    def abandon(self, claim: Claim) -> None:
        """Let the next attempt take the key at once, as this one ended without a final answer."""
