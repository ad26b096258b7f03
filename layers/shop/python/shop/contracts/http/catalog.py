"""Bodies of /api/catalog/products and /api/catalog/categories."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shop.contracts.http.amounts import Amount
from shop.contracts.http.patterns import (
    CURRENCY,
    IMAGE_URL,
    LINE,
    OPTIONAL_LINE,
    SKU,
    SLUG,
    TAX_CLASS,
)
from shop.domain.catalog import AttributeValue, Sort
from shop.domain.tax import STANDARD

#: Maximum depth of paging in products; deeper pages are refused, because their cost grows with depth.
MAX_DEPTH: Final = 10_000

type Sku = Annotated[str, msgspec.Meta(pattern=SKU)]
type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
type Description = Annotated[str, msgspec.Meta(max_length=10_000)]
type Brand = Annotated[str, msgspec.Meta(max_length=100, pattern=OPTIONAL_LINE)]
type Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
type Tags = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=LINE)]],
    msgspec.Meta(max_length=30),
]
type ImageUrl = Annotated[str, msgspec.Meta(max_length=2_000, pattern=IMAGE_URL)]
type AttributeName = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
type AttributeIn = (
    Annotated[str, msgspec.Meta(max_length=500)]
    | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    | Annotated[float, msgspec.Meta(ge=-(2.0**53), le=2.0**53)]
    | bool
)
type Attributes = Annotated[dict[AttributeName, AttributeIn], msgspec.Meta(max_length=50)]
type TaxClass = Annotated[
    str,
    msgspec.Meta(
        pattern=TAX_CLASS,
        description="Selects the tax rate; a destination without a rate of the class applies `standard`",
        examples=["standard", "reduced", "zero"],
    ),
]
type Cursor = Annotated[str, msgspec.Meta(max_length=4_000)]
type Version = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class ListProducts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Category, order and page of a list of products; ``page`` times ``per_page`` is at most 10,000.

    `cursor` is the `next_cursor` of an earlier page and replaces `page`; it has no such limit. A walk by
    cursor meets each product once, except that by price it may repeat or miss one whose price changes
    meanwhile.
    """

    category: Slug | None = None
    page: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    sort: Sort = Sort.NEWEST
    cursor: Cursor | None = None


class ProductSummary(msgspec.Struct, frozen=True):
    """A product in a list. `stock` may be five minutes old."""

    id: UUID
    name: str
    description: str
    brand: str
    price: Decimal
    currency: str
    stock: int
    image_url: str | None
    category: str


class ProductPage(msgspec.Struct, frozen=True):
    """A page of products and their total number.

    `next_cursor` requests the products after these and is null on the last page; `page` is null if the
    request had a cursor.
    """

    products: list[ProductSummary]
    total: int
    page: int | None
    per_page: int
    next_cursor: str | None


class ProductView(ProductSummary, frozen=True):
    """A product. To change it, send its ETag in If-Match or its version in the body."""

    sku: str
    tags: list[str]
    attributes: Mapping[str, AttributeValue]
    tax_class: str
    is_active: bool
    version: int


class FindProducts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A list of products for staff, newest first.

    `sku` is a part of the SKU, `q` beginnings of words of the name; without `active` it lists all products.
    """

    active: bool | None = None
    sku: Annotated[str, msgspec.Meta(pattern=SKU)] | None = None
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Cursor | None = None


class FoundProducts(msgspec.Struct, frozen=True):
    """Products for staff; `next_cursor` requests the next ones and is null on the last page."""

    products: list[ProductView]
    next_cursor: str | None


type NewSlug = Annotated[str, msgspec.Meta(pattern=SLUG, max_length=100)]
type CategoryName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=LINE)]


class CreateCategory(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new category, below `parent` (a slug) or at the top."""

    slug: NewSlug
    name: CategoryName
    parent: Slug | None = None


class ChangeCategory(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True
):
    """The fields to change; omitted fields keep their values.

    `parent` is the slug of the category below which it moves, with all that belongs to it; null moves it to
    the top.
    """

    slug: NewSlug | UnsetType = UNSET
    name: CategoryName | UnsetType = UNSET
    parent: Slug | UnsetType | None = UNSET


class CategoryView(msgspec.Struct, frozen=True):
    """A category; `parent` is null at the top."""

    slug: str
    name: str
    parent: str | None


class CategoryNode(msgspec.Struct, frozen=True):
    """A category; its count includes the categories below it."""

    slug: str
    name: str
    product_count: int
    children: list["CategoryNode"]


class CategoryTree(msgspec.Struct, frozen=True):
    """All categories."""

    categories: list[CategoryNode]


class CreateProduct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A new product, in the shop's currency; its stock is 0."""

    sku: Sku
    name: Name
    description: Description
    brand: Brand
    price: Amount
    currency: Annotated[str, msgspec.Meta(pattern=CURRENCY, max_length=3)]
    category: Slug
    tags: Tags
    image_url: ImageUrl | None = None
    attributes: Attributes = {}
    tax_class: TaxClass = STANDARD


class ChangeProduct(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True
):
    """The fields to change; omitted fields keep their values.

    `version` is the version that was read; required without If-Match.
    """

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    brand: Brand | UnsetType = UNSET
    price: Amount | UnsetType = UNSET
    currency: Annotated[str, msgspec.Meta(pattern=CURRENCY, max_length=3)] | UnsetType = UNSET
    category: Slug | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    image_url: ImageUrl | UnsetType | None = UNSET
    attributes: Attributes | UnsetType = UNSET
    tax_class: TaxClass | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    version: Version | UnsetType = UNSET
