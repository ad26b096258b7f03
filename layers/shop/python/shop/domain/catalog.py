"""Products, categories and the preconditions of changes."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from shop.domain.errors import NotFound
from shop.domain.tax import STANDARD

type AttributeValue = str | int | float | bool


def product_not_found(product_id: UUID) -> NotFound:
    """Create the refusal for a product that does not exist or is no longer sold."""
    return NotFound(f"There is no product {product_id}.", code="product_not_found")


class Sort(StrEnum):
    """Order of a list of products; ties are ordered by id."""

    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"


class Precondition(NamedTuple):
    """The versions of a product to which a change applies.

    Attributes
    ----------
    if_match : frozenset of int or None
        Versions that If-Match names; an unknown entity tag names none. None without that header, or with
        ``If-Match: *``.
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
    """Find the version in an entity tag ``"{version}-{digest}"``; the digest also covers the stock."""
    number, separator, _ = tag.removeprefix("W/").strip('"').partition("-")
    return (
        number if separator and number.isascii() and number.isdigit() and len(number) < 11 else None
    )


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its available stock.

    Attributes
    ----------
    category : str
        Slug.
    stock : int
        On hand less live holds, in units.
    tax_class : str
        Selects the tax rate.
    version : int
        Increases with every change by staff, not with changes of the stock.
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
    tax_class: str = STANDARD
    is_active: bool = True
    version: int = 1
    created_at: datetime | None = None
    stock: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The current price and availability of a product, for carts and orders.

    Attributes
    ----------
    available : int
        Units that can be sold now; 0 if the product is not active.
    """

    product_id: UUID
    name: str
    price_minor: int
    currency: str
    is_active: bool
    available: int
    tax_class: str = STANDARD


class Category(msgspec.Struct, frozen=True):
    """A category; `path` joins the slugs from the root to it by ``/``, `parent` is None at the top."""

    slug: str
    name: str
    path: str
    parent: str | None


class CategoryRow(msgspec.Struct, frozen=True):
    """A category with the number of its own active products, without those of its subcategories."""

    slug: str
    name: str
    path: str
    product_count: int
