"""Port of the idempotency records (Idempotency-Key of the HTTP API)."""

from typing import Protocol

from shop.domain.idempotency import Claim, StoredAnswer


class IdempotencyRecords(Protocol):
    """Keys of the last 24 hours with their answers, stored durably because charges depend on them."""

    def claim(self, subject: str, operation: str, key: str, request_hash: bytes) -> Claim:
        """Claim the key or find its answer, in one statement.

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
        """Release the key after an attempt that ended without a final answer."""
