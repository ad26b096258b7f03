"""Carts: the cart store keeps quantities; prices and availability are read from the catalog each time."""

from collections.abc import Mapping
from uuid import UUID

from shop.contracts.http.cart import AddItem, CartLine, CartView, SetItem
from shop.domain.cart import Cart, CartItem, Line, total_minor
from shop.domain.catalog import Offer, product_not_found
from shop.domain.errors import NotFound
from shop.domain.money import to_decimal
from shop.services.cart.ports import CartStore
from shop.services.catalog.ports import CatalogWork
from shop.services.unit_of_work import OpenReading


def get_cart(
    carts: CartStore, read: OpenReading[CatalogWork], user_id: UUID, *, currency: str
) -> CartView:
    """Return a cart at current prices. Reading does not extend its lifetime."""
    return _view(read, carts.read(user_id), {}, currency)


def add_item(
    carts: CartStore,
    read: OpenReading[CatalogWork],
    user_id: UUID,
    command: AddItem,
    *,
    currency: str,
    request_id: UUID | None = None,
) -> CartView:
    """Add a quantity of a product to the cart, in two round trips to the store and one statement.

    Parameters
    ----------
    request_id : UUID, optional
        An addition that is repeated with the same id is made once.

    Raises
    ------
    NotFound
        ``product_not_found``: the product does not exist or is not for sale.
    InsufficientStock
        If the cart would hold more than is available.
    InvalidRequest
        If the line or the cart would become too large.
    """
    offers = _offers(read, carts.read(user_id), command.product_id)
    offer = _for_sale(offers, command.product_id)
    cart = carts.add(
        user_id,
        command.product_id,
        command.quantity,
        available=offer.available,
        price_minor=offer.price_minor,
        request_id=request_id,
    )
    return _view(read, cart, offers, currency)


def set_item(
    carts: CartStore,
    read: OpenReading[CatalogWork],
    user_id: UUID,
    product_id: UUID,
    command: SetItem,
    *,
    currency: str,
) -> CartView:
    """Set the quantity of a product in the cart.

    Raises
    ------
    NotFound
        ``cart_item_not_found``, or ``product_not_found`` if it is no longer for sale.
    InsufficientStock
        If less is available.
    """
    cart = carts.read(user_id)
    if cart is None or not cart.quantity_of(product_id):
        raise NotFound(f"Product {product_id} is not in the cart.", code="cart_item_not_found")
    offers = _offers(read, cart, product_id)
    offer = _for_sale(offers, product_id)
    cart = carts.set_quantity(
        user_id,
        product_id,
        command.quantity,
        available=offer.available,
        price_minor=offer.price_minor,
    )
    return _view(read, cart, offers, currency)


def remove_item(
    carts: CartStore,
    read: OpenReading[CatalogWork],
    user_id: UUID,
    product_id: UUID,
    *,
    currency: str,
) -> CartView:
    """Remove a product from the cart; raise `NotFound` (``cart_item_not_found``) if it is not in it."""
    return _view(read, carts.remove(user_id, product_id), {}, currency)


def empty_cart(
    carts: CartStore, read: OpenReading[CatalogWork], user_id: UUID, *, currency: str
) -> CartView:
    """Remove every product from the cart."""
    return _view(read, carts.empty(user_id), {}, currency)


def _offers(read: OpenReading[CatalogWork], cart: Cart | None, *more: UUID) -> dict[UUID, Offer]:
    wanted = {item.product_id for item in cart.items} if cart else set()
    wanted.update(more)
    if not wanted:
        return {}
    with read() as unit:
        return unit.products.offers(sorted(wanted))


def _for_sale(offers: Mapping[UUID, Offer], product_id: UUID) -> Offer:
    offer = offers.get(product_id)
    if offer is None or not offer.is_active:
        raise product_not_found(product_id)
    return offer


def _view(
    read: OpenReading[CatalogWork], cart: Cart | None, offers: Mapping[UUID, Offer], currency: str
) -> CartView:
    if cart is None:
        return CartView(
            cart_id=None,
            items=[],
            total=to_decimal(0),
            currency=currency,
            expires_at=None,
        )
    if any(item.product_id not in offers for item in cart.items):
        # The offers have not been read yet, or another request added a product meanwhile.
        offers = _offers(read, cart)
    lines = [price_line(item, offers.get(item.product_id)) for item in cart.items]
    return CartView(
        cart_id=cart.cart_id,
        items=[_line_view(line) for line in lines],
        total=to_decimal(total_minor(lines)),
        currency=currency,
        expires_at=cart.expires_at,
    )


def price_line(item: CartItem, offer: Offer | None) -> Line:
    """Price a line; a deleted product keeps its last price and cannot be bought."""
    return Line(
        product_id=item.product_id,
        name=offer.name if offer else "No longer sold",
        price_minor=offer.price_minor if offer else item.seen_price_minor or 0,
        seen_price_minor=item.seen_price_minor,
        quantity=item.quantity,
        available=offer.available if offer else 0,
        is_sold=offer is not None and offer.is_active,
    )


def _line_view(line: Line) -> CartLine:
    return CartLine(
        product_id=line.product_id,
        name=line.name,
        price=to_decimal(line.price_minor),
        quantity=line.quantity,
        subtotal=to_decimal(line.subtotal_minor),
        available=line.is_available,
        available_quantity=line.available,
        obstacle=line.obstacle,
        price_changed=line.price_changed,
        previous_price=(
            to_decimal(line.seen_price_minor)
            if line.price_changed and line.seen_price_minor is not None
            else None
        ),
        # The whole quantity was available when the line was written.
        availability_changed=not line.is_available,
    )
