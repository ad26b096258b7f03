"""Idempotency keys: the right to carry a request out, and its stored answer."""

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
