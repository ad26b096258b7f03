"""Conditional requests: X-Cache, ETag, If-None-Match and If-Match."""

from typing import Any

from msgspec import UNSET, UnsetType

from shop.domain.catalog import Precondition, precondition
from shop.entrypoints.http import Answer, Request
from shop.services.catalog.browse import Representation


def conditional_answer(request: Request[Any, Any], found: Representation) -> Answer:
    """Answer 304 if the client has the current representation, otherwise the representation."""
    headers = {
        "ETag": found.etag,
        "X-Cache": "hit" if found.hit else "miss",
        # Clients and CloudFront keep a copy but revalidate it on each use.
        "Cache-Control": "public, no-cache",
    }
    if _matches(request.headers.get("if-none-match"), found.etag):
        return Answer(status=304, headers=headers)
    return Answer(found.text, 200, {**headers, "Content-Type": "application/json"})


def precondition_of(request: Request[Any, Any], version: int | UnsetType = UNSET) -> Precondition:
    """Create the precondition from If-Match and the body's version."""
    return precondition(
        request.headers.get("if-match"), None if isinstance(version, UnsetType) else version
    )


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
