"""The steps of the state machine `checkout` that create an order or reject it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from shop.contracts import tasks
from shop.contracts.events import OrderCreated
from shop.contracts.tasks import PlacedOrder
from shop.domain.addresses import Destination
from shop.domain.errors import Conflict, FieldError, InsufficientStock, InvalidRequest
from shop.domain.inventory import sum_by_product
from shop.domain.money import step_of, to_decimal
from shop.domain.orders import UNPAID, CancelReason, Order, OrderLine, OrderStatus
from shop.domain.payments import unusable_payment_method
from shop.domain.pricing import (
    AmountOutOfRange,
    PricedProduct,
    Quote,
    Totals,
    check_chargeable,
    totals_of,
)
from shop.domain.tax import TaxedItem
from shop.services.orders.cancel import cancel
from shop.services.orders.ports import OrdersWork, PlacementWork, TaxProvider
from shop.services.orders.taxing import assess, sale_to
from shop.services.unit_of_work import OpenUnitOfWork

#: Reasons for cancellation, by the error that a step of the state machine raised.
_REASONS: Final = {
    InsufficientStock.__name__: CancelReason.INSUFFICIENT_STOCK,
    InvalidRequest.__name__: CancelReason.PAYMENT_METHOD_INVALID,
    # Its hold expired before this repetition of the checkout, or holds other lines.
    Conflict.__name__: CancelReason.RESERVATION_EXPIRED,
}
#: Statuses in which a repeated checkout cannot continue an order.
_FAILED: Final = frozenset(
    {OrderStatus.CANCELLED, OrderStatus.INVENTORY_UNAVAILABLE, OrderStatus.PAYMENT_FAILED}
)


def create_order(
    open_unit_of_work: OpenUnitOfWork[PlacementWork],
    command: tasks.PlaceOrder,
    *,
    taxes: TaxProvider,
    currency: str,
    reservation_ttl_seconds: int,
    prices_include_tax: bool = False,
) -> PlacedOrder:
    """Price a cart from the catalog and create the order as PENDING. Repeating it is safe.

    Parameters
    ----------
    currency : str
        ISO 4217 code of the shop's currency.
    reservation_ttl_seconds : int
        How long its stock is held.
    prices_include_tax : bool
        Whether prices and shipping rates include the tax.

    Raises
    ------
    InvalidRequest
        Products are no longer sold, the tax depends on a region that is not known, the shipping method is not
        offered, or an earlier attempt was refused for its payment method; the error names them.
    InsufficientStock, Conflict
        An earlier attempt was refused so, the cart was ordered before, or the total is not the expected one
        (``total_changed``).
    TaxUnavailable
        The provider of taxes did not answer; no order was created.
    """
    wanted = sum_by_product((item.product_id, item.quantity) for item in command.items)
    # This publishes no events: hold_order_stock publishes them together with its own.
    with open_unit_of_work(publish=False, autocommit=True) as work:
        quote = work.prices.quote(
            command.order_id, list(wanted), country=command.shipping_address["country"]
        )
        order = None
        if not quote.order_exists:
            order = _priced(
                command,
                wanted,
                quote,
                taxes=taxes,
                currency=currency,
                reservation_ttl_seconds=reservation_ttl_seconds,
                prices_include_tax=prices_include_tax,
            )
            _check_expected(order, command.expected_total_minor)
        if order is None or not work.orders.add(order, created(order)):
            order = _earlier_order(work, command)
    return PlacedOrder(order=order, price_changes=order.price_changes(command.items))


def _priced(
    command: tasks.PlaceOrder,
    wanted: dict[UUID, int],
    quote: Quote,
    *,
    taxes: TaxProvider,
    currency: str,
    reservation_ttl_seconds: int,
    prices_include_tax: bool,
) -> Order:
    products = _all_sold(wanted, quote, currency)
    shipping = quote.shipping.get(command.shipping_method)
    if shipping is None:
        raise InvalidRequest.field("shipping_method", "is not offered for this destination")
    items = [
        TaxedItem(product.price_minor * wanted[product.product_id], product.tax_class)
        for product in products
    ]
    shipping_minor = shipping.price_of(sum(item.amount_minor for item in items), step_of(currency))
    sale = sale_to(
        Destination(command.shipping_address, command.tax_region),
        items,
        {command.shipping_method: shipping_minor},
        currency=currency,
        prices_include_tax=prices_include_tax,
    )
    assessment = assess(taxes, sale, prefix="shipping_address.")
    amounts = totals_of(sale, assessment, command.shipping_method)
    _check_chargeable(amounts, currency)
    return Order(
        order_id=command.order_id,
        user_id=command.user_id,
        email=command.email,
        phone=command.phone,
        status=OrderStatus.PENDING,
        currency=currency,
        subtotal_minor=amounts.subtotal_minor,
        tax_minor=amounts.tax_minor,
        shipping_minor=amounts.shipping_minor,
        total_minor=amounts.total_minor,
        shipping_address=command.shipping_address,
        shipping_method=command.shipping_method,
        payment_method_id=command.payment_method_id,
        reservation_expires_at=quote.now + timedelta(seconds=reservation_ttl_seconds),
        estimated_delivery=(quote.now + timedelta(days=shipping.delivery_days)).date(),
        carrier=None,
        tracking_number=None,
        cancel_reason=None,
        correlation_id=command.correlation_id,
        created_at=quote.now,
        cart_id=command.cart_id,
        shipping_tax_minor=amounts.shipping_tax_minor,
        tax_rate_ppm=assessment.standard_rate_ppm,
        tax_rule=assessment.rule,
        prices_include_tax=prices_include_tax,
        tax_rates_version=assessment.rates_version,
        shipping_rates_version=quote.shipping_version,
        lines=tuple(
            OrderLine(
                product_id=product.product_id,
                name=product.name,
                unit_price_minor=product.price_minor,
                quantity=wanted[product.product_id],
                tax_minor=tax.tax_minor,
                tax_class=product.tax_class,
                tax_rate_ppm=tax.rate_ppm,
            )
            for product, tax in zip(products, amounts.lines, strict=True)
        ),
    )


def _check_chargeable(amounts: Totals, currency: str) -> None:
    try:
        check_chargeable(amounts, step_of(currency))
    except AmountOutOfRange as error:
        raise InvalidRequest(
            "The order cannot be charged.", errors=[FieldError("total", str(error))]
        ) from error


def _check_expected(order: Order, expected_minor: int | None) -> None:
    """Refuse an order whose total differs from the one that the customer was shown."""
    if expected_minor is None or expected_minor == order.total_minor:
        return
    figures = {
        "total": order.total_minor,
        "subtotal": order.subtotal_minor,
        "tax": order.tax_minor,
        "shipping": order.shipping_minor,
    }
    raise Conflict(
        f"The total is now {to_decimal(order.total_minor, order.currency)} {order.currency};"
        " `errors` has the new figures.",
        code="total_changed",
        errors=[
            FieldError(name, str(to_decimal(amount, order.currency)))
            for name, amount in figures.items()
        ],
    )


def _all_sold(wanted: dict[UUID, int], quote: Quote, currency: str) -> Sequence[PricedProduct]:
    errors = []
    for product_id in wanted:
        product = quote.products.get(product_id)
        if product is None:
            errors.append(FieldError(f"items[{product_id}]", "is not sold any more"))
        elif product.currency != currency:
            errors.append(FieldError(f"items[{product_id}]", f"is not sold in {currency}"))
    if errors:
        raise InvalidRequest("The cart holds something that cannot be bought.", errors=errors)
    return [quote.products[product_id] for product_id in wanted]


def created(order: Order) -> OrderCreated:
    """Make the event of an order's creation."""
    return OrderCreated(
        order_id=order.order_id,
        user_id=order.user_id,
        total=to_decimal(order.total_minor),
        currency=order.currency,
        items=order.items,
    )


def _earlier_order(work: OrdersWork, command: tasks.PlaceOrder) -> Order:
    """Return the order that an earlier attempt created, or refuse as that attempt did."""
    order = work.orders.get(command.order_id)
    if order is None:
        raise Conflict(
            "This cart has an order already (GET /api/orders): pay it, or cancel it to get the cart"
            " back. If it is paid or cancelled, GET /api/cart gives the present cart.",
            code="cart_already_ordered",
        )
    if order.user_id != command.user_id:
        raise Conflict("The order belongs to another customer.")
    if order.status not in _FAILED:
        return order
    match order.cancel_reason:
        case CancelReason.INSUFFICIENT_STOCK:
            raise InsufficientStock(
                "There was not enough stock for every line; the order is cancelled."
            )
        case CancelReason.PAYMENT_METHOD_INVALID:
            raise unusable_payment_method()
        case CancelReason.PAYMENT_FAILED if command.pay_now:
            return order  # charge_order repeats the bank's refusal
    raise Conflict(
        f"Order {order.order_id} is {order.status.value}; check out again with another"
        " Idempotency-Key.",
        code="order_state_conflict",
    )


def reject_order(open_unit_of_work: OpenUnitOfWork[OrdersWork], command: tasks.RejectOrder) -> None:
    """Cancel an order that a step of the state machine refused. Repeating it changes nothing."""
    reason = _REASONS[command.error]
    with open_unit_of_work() as work:
        sources = UNPAID
        if reason is CancelReason.INSUFFICIENT_STOCK:
            work.orders.move(
                command.order_id,
                OrderStatus.INVENTORY_UNAVAILABLE,
                sources=UNPAID,
                reason=reason,
            )
            sources = frozenset({OrderStatus.INVENTORY_UNAVAILABLE})
        cancel(work, command.order_id, reason, sources=sources)
