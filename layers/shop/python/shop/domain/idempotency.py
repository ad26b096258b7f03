"""Idempotency keys: the claim to execute a request, and its stored answer."""

from uuid import UUID

from msgspec import Struct


class StoredAnswer(Struct, frozen=True):
    """A final answer, as it was first sent."""

    status: int
    body: str
    headers: dict[str, str] = {}


class Claim(Struct, frozen=True):
    """The exclusive right to execute a request.

    Attributes
    ----------
    resource_id : UUID
        The id of what the request creates; the same for every attempt with this key.
    answer : StoredAnswer or None
        The stored answer to replay, if the request was answered before.
    """

    subject: str
    operation: str
    key: str
    claim_id: UUID
    resource_id: UUID
    answer: StoredAnswer | None = None
