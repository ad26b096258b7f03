"""Port of the idempotency records (Idempotency-Key of the HTTP API)."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct


class StoredAnswer(Struct, frozen=True):
    """A final answer as it was sent the first time."""

    status: int
    body: str
    headers: dict[str, str] = {}


class Claim(Struct, frozen=True):
    """The right to carry out a request.

    Attributes
    ----------
    resource_id : UUID
        The id for what the request creates: the same for every attempt with this key.
    answer : StoredAnswer or None
        Set when the request has been answered before: nothing is left to do.
    """

    subject: str
    operation: str
    key: str
    claim_id: UUID
    resource_id: UUID
    answer: StoredAnswer | None = None


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
