"""Products: how they are sorted, described and recognised."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from shop.domain.errors import NotFound

type AttributeValue = str | int | float | bool


def product_not_found(product_id: UUID) -> NotFound:
    """Make the refusal for a product that is not there, or not sold any more."""
    return NotFound(f"There is no product {product_id}.", code="product_not_found")


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


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with what can be sold of it now.

    Attributes
    ----------
    category : str
        Slug.
    stock : int
        On hand less live holds, in units.
    version : int
        Grows with every change by staff, not with the stock.
    """

    product_id: UUID
    sku: str
    name: str
    description: str
    brand: str
    price_minor: int
    currency: str
    category: str
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    attributes: dict[str, AttributeValue] = {}
    is_active: bool = True
    version: int = 1
    created_at: datetime | None = None
    stock: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart or an order must know of a product: the truth of this moment.

    Attributes
    ----------
    available : int
        What can be sold now, in units; 0 of a product that is not active.
    """

    product_id: UUID
    name: str
    price_minor: int
    currency: str
    is_active: bool
    available: int


class CategoryRow(msgspec.Struct, frozen=True):
    """A category with the number of active products directly in it."""

    slug: str
    name: str
    path: str
    product_count: int
