"""Checkout: turns a cart into an order."""

import logging
from uuid import UUID

import msgspec

from shop.contracts import tasks
from shop.contracts.http.orders import Checkout, ShippingAddress
from shop.contracts.tasks import PlacedOrder
from shop.domain.addresses import Destination, check
from shop.domain.cart import CartItem
from shop.domain.countries import COUNTRIES
from shop.domain.customers import checked_email
from shop.domain.errors import Conflict, DependencyUnavailable, InvalidRequest, NotFound
from shop.domain.money import to_minor
from shop.domain.orders import CHARGED, Order
from shop.domain.sessions import Role, Session
from shop.services.cart.ports import CartStore
from shop.services.orders.ports import AddressBook, CheckoutMachine, OrdersWork
from shop.services.unit_of_work import OpenReading

_log = logging.getLogger(__name__)


def check_out(
    carts: CartStore,
    machine: CheckoutMachine,
    read: OpenReading[OrdersWork],
    shopper: Session,
    wish: Checkout,
    *,
    addresses: AddressBook,
    order_id: UUID,
    correlation_id: str,
) -> PlacedOrder:
    """Turn the shopper's cart into an order, charge it with `pay_now`, and empty the cart.

    The cart is emptied only after the order is placed; a refusal leaves it unchanged.

    Parameters
    ----------
    order_id : UUID
        The same for every attempt with one Idempotency-Key: a repeat continues the same order.

    Raises
    ------
    InvalidRequest
        The address is invalid, the cart is empty, or a product is no longer sold.
    NotFound
        ``cart_not_found``: it is not the shopper's cart, or belongs to the account that has logged in with
        the guest's session meanwhile.
    Conflict
        ``cart_already_ordered``: the cart has an order already. If that was paid, the cart is emptied;
        ``total_changed``: the order's total is not the expected one.
    InsufficientStock
        Names the lines; the order is cancelled.
    PaymentDeclined
        The order is cancelled.
    PaymentOutcomeUnknown
        The order stays PAYMENT_PROCESSING until the outcome is known; a repeated request asks for it.
    DependencyUnavailable
        A server is unavailable; the client can repeat the request.
    """
    destination = destination_of(addresses, wish.shipping_address)
    expected_total_minor = _expected_minor(wish)
    email, phone = _contact(shopper, wish)
    cart = carts.read(shopper.user_id)
    if cart is not None and cart.cart_id == wish.cart_id:
        items = list(cart.items)
        if not items:
            raise InvalidRequest("Put something in the cart first.", code="cart_empty")
    else:
        items = _items_of_earlier_attempt(read, shopper, order_id)
    command = tasks.PlaceOrder(
        order_id=order_id,
        user_id=shopper.user_id,
        email=email,
        phone=phone,
        cart_id=wish.cart_id,
        items=items,
        shipping_address=destination.fields,
        shipping_method=wish.shipping_method,
        payment_method_id=wish.payment_method_id,
        pay_now=wish.pay_now,
        tax_region=destination.tax_region,
        expected_total_minor=expected_total_minor,
        correlation_id=UUID(correlation_id),
    )
    try:
        placed = machine.run(command)
    except Conflict as conflict:
        if conflict.code == "cart_already_ordered":
            _complete_login(carts, read, shopper, wish.cart_id)
            _empty_sold_cart(carts, read, shopper, wish.cart_id)
        raise
    _empty(carts, shopper, placed.order, wish.cart_id)
    return placed


def _empty(carts: CartStore, shopper: Session, order: Order, cart_id: UUID) -> None:
    try:
        # The order's lines, which may differ from the cart's by now.
        bought = {line.product_id: line.quantity for line in order.lines}
        carts.remove_bought(shopper.user_id, cart_id, bought, order_id=order.order_id)
    except DependencyUnavailable as unavailable:
        # The order is placed, even if the cart was not emptied.
        _log.warning("cart %s was bought but not emptied: %s", cart_id, unavailable.detail)


def _complete_login(
    carts: CartStore, read: OpenReading[OrdersWork], shopper: Session, cart_id: UUID
) -> None:
    """Refuse a guest's cart that belongs to a customer, and move it there if the login could not."""
    with read() as work:
        owner_id = work.orders.owner_of_cart(cart_id)
    if owner_id is not None and owner_id != shopper.user_id:
        carts.merge(shopper.user_id, owner_id, cart_id)
        raise NotFound(
            "This cart has moved to the account that was logged in to with this session.",
            code="cart_not_found",
        )


def _empty_sold_cart(
    carts: CartStore, read: OpenReading[OrdersWork], shopper: Session, cart_id: UUID
) -> None:
    """Empty a cart that could not be emptied when it was ordered, if that order was paid since."""
    with read() as work:
        order = work.orders.of_cart(cart_id)
    if order is not None and order.user_id == shopper.user_id and order.status in CHARGED:
        _empty(carts, shopper, order, cart_id)


def _contact(shopper: Session, wish: Checkout) -> tuple[str | None, str | None]:
    """Return the e-mail address and the telephone number of the order."""
    if wish.contact is None:
        if shopper.role is Role.GUEST:
            raise InvalidRequest.field("contact", "is required in a guest session")
        return shopper.email, None
    phone = wish.contact.phone
    return checked_email(wish.contact.email, "contact.email"), phone and phone.strip()


def destination_of(
    addresses: AddressBook, address: ShippingAddress, *, prefix: str = "shipping_address."
) -> Destination:
    """Check an address by the rules of its country and bring it into its normal form.

    Parameters
    ----------
    prefix : str
        Precedes the names of fields in errors.
    """
    check_country(address.country, f"{prefix}country")
    fields = msgspec.structs.asdict(address)
    return check(addresses.rules(address.country), fields, prefix=prefix)


def check_country(country: str, field: str) -> None:
    """Refuse a code that is assigned to no country."""
    if country not in COUNTRIES:
        raise InvalidRequest.field(field, "is not an ISO 3166-1 alpha-2 code")


def _expected_minor(wish: Checkout) -> int | None:
    try:
        return None if wish.expected_total is None else to_minor(wish.expected_total)
    except ValueError as error:
        raise InvalidRequest.field("expected_total", str(error)) from error


def _items_of_earlier_attempt(
    read: OpenReading[OrdersWork], shopper: Session, order_id: UUID
) -> list[CartItem]:
    """Read the lines of the order that an attempt placed before it emptied the cart and crashed."""
    with read() as work:
        order = work.orders.get(order_id)
    if order is None or order.user_id != shopper.user_id:
        raise NotFound("This is not your cart; GET /api/cart tells its id.", code="cart_not_found")
    return [CartItem(line.product_id, line.quantity) for line in order.lines]
