"""The JSON of an error (RFC 9457), and of the page that describes its type."""

import msgspec

from shop.contracts.problems import PROBLEMS


def type_of(code: str) -> str:
    """Return the path at which the API describes a problem type."""
    return f"/api/problems/{code if code in PROBLEMS else 'internal_error'}"


class ProblemField(msgspec.Struct, frozen=True):
    """A field that failed validation."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every error, ``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemField] = []


class ProblemTypeView(msgspec.Struct, frozen=True):
    """The document behind a problem's `type`."""

    code: str
    title: str
    status: int
    meaning: str
    remedy: str
