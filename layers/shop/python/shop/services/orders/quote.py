"""Quotes: what a cart costs at a destination, before there is an order."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shop.contracts.http.cart import QuoteCart, QuotedLine, QuoteView, ShippingOption
from shop.domain.addresses import Destination, check
from shop.domain.cart import Line
from shop.domain.errors import FieldError, InvalidRequest
from shop.domain.money import step_of, to_decimal
from shop.domain.pricing import Quote, ShippingRate, Totals, totals_of
from shop.domain.sessions import Session
from shop.domain.tax import STANDARD, LineTax, TaxedItem, percent_of
from shop.services.cart.items import price_line
from shop.services.cart.ports import CartStore
from shop.services.orders.checkout import check_country, destination_of
from shop.services.orders.ports import AddressBook, QuoteWork, TaxProvider
from shop.services.orders.taxing import assess, sale_to
from shop.services.unit_of_work import OpenReading

#: How long a client should show a quote.
_SHOWN_FOR: Final = timedelta(minutes=10)
_PREFERRED: Final = "standard"


def quote_cart(
    carts: CartStore,
    read: OpenReading[QuoteWork],
    shopper: Session,
    wish: QuoteCart,
    *,
    addresses: AddressBook,
    taxes: TaxProvider,
    currency: str,
    prices_include_tax: bool,
) -> QuoteView:
    """Price the shopper's cart with tax and every shipping method that is offered at a destination.

    Raises
    ------
    InvalidRequest
        The destination is wrong, the tax depends on a region that is not known, the shipping method is not
        offered there, or nothing in the cart can be bought.
    TaxUnavailable
        The provider of taxes did not answer.
    """
    destination, prefix = _destination(addresses, wish)
    cart = carts.read(shopper.user_id)
    if cart is None or not cart.items:
        raise InvalidRequest("Put something in the cart first.", code="cart_empty")
    products = sorted(item.product_id for item in cart.items)
    with read() as work:
        offers = work.products.offers(products)
        quote = work.prices.quote(None, products, country=destination.fields["country"])
    lines = [price_line(item, offers.get(item.product_id)) for item in cart.items]
    bought = [line for line in lines if line.is_available]
    if not bought:
        raise InvalidRequest(
            "Nothing in the cart can be bought.",
            errors=[
                FieldError(f"items[{line.product_id}]", f"is {line.obstacle}".replace("_", " "))
                for line in lines
            ],
        )
    classes = {id_: offer.tax_class for id_, offer in offers.items()}
    subtotal_minor = sum(line.subtotal_minor for line in bought)
    sale = sale_to(
        destination,
        (TaxedItem(line.subtotal_minor, classes[line.product_id]) for line in bought),
        {
            method: rate.price_of(subtotal_minor, step_of(currency))
            for method, rate in quote.shipping.items()
        },
        currency=currency,
        prices_include_tax=prices_include_tax,
    )
    assessment = assess(taxes, sale, prefix=prefix)
    priced = {method: totals_of(sale, assessment, method) for method in quote.shipping}
    method = _chosen(wish.shipping_method, priced)
    total = priced[method]
    taxed = dict(zip((line.product_id for line in bought), total.lines, strict=True))
    return QuoteView(
        cart_id=cart.cart_id,
        lines=[
            _line(
                line,
                classes.get(line.product_id, STANDARD),
                taxed.get(line.product_id, LineTax(0, None)),
            )
            for line in lines
        ],
        shipping_options=_options(quote, priced),
        shipping_method=method,
        subtotal=to_decimal(total.subtotal_minor),
        tax=to_decimal(total.tax_minor),
        shipping=to_decimal(total.shipping_minor),
        shipping_tax=to_decimal(total.shipping_tax_minor),
        total=to_decimal(total.total_minor),
        currency=currency,
        prices_include_tax=prices_include_tax,
        expires_at=quote.now + _SHOWN_FOR,
    )


def _destination(addresses: AddressBook, wish: QuoteCart) -> tuple[Destination, str]:
    """Return the destination, and what precedes the names of its fields in the request."""
    if wish.shipping_address is not None:
        for name in ("country", "region", "postal_code"):
            if getattr(wish, name) is not None:
                raise InvalidRequest.field(name, "must not be sent beside shipping_address")
        return destination_of(addresses, wish.shipping_address), "shipping_address."
    if wish.country is None:
        raise InvalidRequest.field("country", "is required, unless shipping_address is sent")
    check_country(wish.country, "country")
    sent = {"country": wish.country, "region": wish.region, "postal_code": wish.postal_code}
    return check(addresses.rules(wish.country), sent, prefix="", complete=False), ""


def _chosen(wanted: str | None, priced: Mapping[str, Totals]) -> str:
    if not priced or (wanted is not None and wanted not in priced):
        raise InvalidRequest.field("shipping_method", "is not offered for this destination")
    if wanted is not None:
        return wanted
    if _PREFERRED in priced:
        return _PREFERRED
    return min(priced, key=lambda method: (priced[method].total_minor, method))


def _options(quote: Quote, priced: Mapping[str, Totals]) -> list[ShippingOption]:
    """List the shipping methods, the cheapest first."""

    def option(method: str, rate: ShippingRate, total: Totals) -> ShippingOption:
        return ShippingOption(
            method=method,
            price=to_decimal(total.shipping_minor),
            tax=to_decimal(total.shipping_tax_minor),
            total=to_decimal(total.total_minor),
            estimated_delivery=(quote.now + timedelta(days=rate.delivery_days)).date(),
        )

    options = [option(method, quote.shipping[method], total) for method, total in priced.items()]
    return sorted(options, key=lambda each: (each.total, each.method))


def _line(line: Line, tax_class: str, tax: LineTax) -> QuotedLine:
    return QuotedLine(
        product_id=line.product_id,
        name=line.name,
        price=to_decimal(line.price_minor),
        quantity=line.quantity,
        subtotal=to_decimal(line.subtotal_minor),
        tax=to_decimal(tax.tax_minor),
        tax_class=tax_class,
        tax_percent=None if tax.rate_ppm is None else percent_of(tax.rate_ppm),
        obstacle=line.obstacle,
    )
