"""Changes of the catalog by staff; caches are dropped after the commit and again on the event."""

import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from shop.contracts.events import InventoryUpdated, ProductUpdated
from shop.contracts.http.catalog import ChangeProduct, CreateProduct
from shop.domain.audit import changed_fields
from shop.domain.catalog import Precondition, Product, product_not_found
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    FieldError,
    InvalidRequest,
    ShopError,
)
from shop.domain.money import to_minor
from shop.services.catalog.browse import (
    Representation,
    encode_product,
    product_key,
    represent_product,
)
from shop.services.catalog.ports import CatalogCache, CatalogWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)


def create_product(
    cache: CatalogCache,
    open_unit_of_work: OpenUnitOfWork[CatalogWork],
    product_id: UUID,
    command: CreateProduct,
    *,
    currency: str,
    correlation_id: str,
) -> Representation:
    """Add a product with no stock. Repeating it with the same id changes nothing.

    Raises
    ------
    Conflict
        ``sku_taken``.
    InvalidRequest
        If the price, the currency or the category is wrong.
    """
    product = Product(
        product_id=product_id,
        sku=command.sku,
        name=command.name,
        description=command.description,
        brand=command.brand,
        price_minor=_price_minor(command.price),
        currency=_own_currency(command.currency, currency),
        category=command.category,
        tags=tuple(command.tags),
        image_url=command.image_url,
        attributes=dict(command.attributes),
    )
    with open_unit_of_work() as unit:
        _check_category(unit, product.category)
        if not unit.products.add(product):
            raise _sku_taken(unit, product)
        unit.audit("product.created", "product", product_id, after=_audited(product))
        _record(unit, product, correlation_id)
    drop_caches(cache)
    return represent_product(encode_product(product))


def change_product(
    cache: CatalogCache,
    open_unit_of_work: OpenUnitOfWork[CatalogWork],
    product_id: UUID,
    command: ChangeProduct,
    precondition: Precondition,
    *,
    currency: str,
    correlation_id: str,
) -> Representation:
    """Change some fields of a product, active or not, if it still has the version that was read.

    Raises
    ------
    ShopError
        ``precondition_required`` without If-Match and version.
    Conflict
        ``precondition_failed`` (If-Match) or ``version_conflict`` (version): another change was made first.
        ``sku_taken``: while it was not for sale, another product has taken its SKU.
    NotFound
        ``product_not_found``.
    InvalidRequest
        If a new price, currency or category is wrong.
    """
    if not precondition.is_given:
        raise ShopError(
            "Send the product's ETag as If-Match, or its version.", code="precondition_required"
        )
    changes = _changes(command, currency)
    with open_unit_of_work() as unit:
        product = _locked(unit, product_id, precondition)
        if "category" in changes:
            _check_category(unit, changes["category"])
        changed = replace(product, **changes)
        if changed != product:
            changed = replace(changed, version=product.version + 1)
            if not unit.products.update(changed):
                raise _sku_taken(unit, changed)
            before, after = changed_fields(_audited(product), _audited(changed))
            unit.audit("product.changed", "product", product_id, before=before, after=after)
            _record(unit, changed, correlation_id)
    if changed != product:
        drop_caches(cache)
    return represent_product(encode_product(changed))


def deactivate_product(
    cache: CatalogCache,
    open_unit_of_work: OpenUnitOfWork[CatalogWork],
    product_id: UUID,
    precondition: Precondition,
    *,
    correlation_id: str,
) -> None:
    """Take a product off sale. Repeating it changes nothing. The precondition is optional.

    Raises
    ------
    NotFound, Conflict
        As `change_product` does.
    """
    with open_unit_of_work() as unit:
        product = _locked(unit, product_id, precondition)
        if product.is_active:
            product = replace(product, is_active=False, version=product.version + 1)
            unit.products.update(product)
            unit.audit(
                "product.deactivated",
                "product",
                product_id,
                before={"is_active": True},
                after={"is_active": False},
            )
            _record(unit, product, correlation_id)
    drop_caches(cache)


def on_products_updated(cache: CatalogCache, events: Sequence[ProductUpdated]) -> None:
    """Drop all cached answers once per batch, because the cache may have been unavailable on the change."""
    if events:
        cache.invalidate()


def on_inventory_updated(cache: CatalogCache, events: Sequence[InventoryUpdated]) -> None:
    """Drop these products' cached answers, or all answers if one is sold out."""
    if any(event.quantity_available <= 0 for event in events):
        cache.invalidate()
    elif events:
        cache.invalidate_keys([product_key(id_) for id_ in sorted({e.product_id for e in events})])


def _sku_taken(unit: CatalogWork, product: Product) -> Conflict:
    """Create the refusal of a SKU that names the product that has it."""
    holder = unit.products.holder(product.sku)
    named = "Another product" if holder is None else f"Product {holder}"
    return Conflict(
        f"{named} has the SKU {product.sku!r}.",
        code="sku_taken",
        errors=[FieldError("sku", f"belongs to product {holder}")] if holder else (),
    )


def _audited(product: Product) -> dict[str, Any]:
    """Return the fields of a product that staff can change."""
    fields = msgspec.structs.asdict(product)
    for name in ("product_id", "created_at", "stock"):
        del fields[name]
    return fields


def _locked(unit: CatalogWork, product_id: UUID, precondition: Precondition) -> Product:
    product = unit.products.get(product_id, lock=True)
    if product is None:
        raise product_not_found(product_id)
    detail = f"The product is at version {product.version} now; read it again."
    if precondition.if_match is not None and product.version not in precondition.if_match:
        raise Conflict(detail, code="precondition_failed")
    if precondition.version is not None and product.version != precondition.version:
        raise Conflict(detail, code="version_conflict")
    return product


def _changes(command: ChangeProduct, currency: str) -> dict[str, Any]:
    sent = msgspec.structs.asdict(command)
    del sent["version"]
    changes = {name: value for name, value in sent.items() if value is not UNSET}
    if not changes:
        raise InvalidRequest("Send at least one field to change.")
    if "price" in changes:
        changes["price_minor"] = _price_minor(changes.pop("price"))
    if "currency" in changes:
        _own_currency(changes["currency"], currency)
    if "tags" in changes:
        changes["tags"] = tuple(changes["tags"])
    return changes


def _price_minor(price: Decimal) -> int:
    try:
        return to_minor(price)
    except ValueError as error:
        raise InvalidRequest.field("price", str(error)) from error


def _own_currency(sent: str, currency: str) -> str:
    if sent != currency:
        raise InvalidRequest.field("currency", f"the shop sells in {currency} only")
    return sent


def _check_category(unit: CatalogWork, slug: str) -> None:
    if not unit.products.has_category(slug):
        raise InvalidRequest.field("category", "there is no such category")


def _record(unit: CatalogWork, product: Product, correlation_id: str) -> None:
    event = ProductUpdated(product_id=product.product_id, product_version=product.version)
    unit.record(event, correlation_id=correlation_id)


def drop_caches(cache: CatalogCache) -> None:
    """Drop all cached answers; without the shared cache, the event's consumer drops them."""
    try:
        cache.invalidate()
    except DependencyUnavailable as unavailable:
        _log.warning("caches are left to the event's consumer: %s", unavailable.detail)
