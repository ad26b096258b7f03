"""Products: how they are sorted, described and recognised."""

from enum import StrEnum
from typing import NamedTuple

type AttributeValue = str | int | float | bool


class Sort(StrEnum):
    """Order of a list of products; products that are equal in it stand by id."""

    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"


class Precondition(NamedTuple):
    """Which versions of a product a change is meant for.

    Attributes
    ----------
    if_match : frozenset of int or None
        Versions that If-Match names (an entity tag that is none of ours names no version); None
        without that header, or with ``If-Match: *``.
    version : int or None
        The version that the body names.
    is_given : bool
        Whether either was sent.
    """

    if_match: frozenset[int] | None
    version: int | None
    is_given: bool


def precondition(if_match: str | None, version: int | None) -> Precondition:
    """Read a precondition from the header and the body's field."""
    versions = None
    if if_match is not None and if_match.strip() != "*":
        tags = (tag.strip() for tag in if_match.split(","))
        versions = frozenset(int(number) for number in map(_version_in, tags) if number is not None)
    return Precondition(versions, version, if_match is not None or version is not None)


def _version_in(tag: str) -> str | None:
    """Find the version in an entity tag ``"{version}-{digest}"`` (`digest` follows the stock too)."""
    number, separator, _ = tag.removeprefix("W/").strip('"').partition("-")
    return (
        number if separator and number.isascii() and number.isdigit() and len(number) < 11 else None
    )
