"""POST /api/cart/quote: what the cart costs at a destination, with tax and every shipping method."""

from shop.bootstrap import environment
from shop.bootstrap.addresses import address_book
from shop.bootstrap.cart import carts
from shop.bootstrap.postgres import read
from shop.bootstrap.taxes import tax_provider
from shop.bootstrap.work.quoting import PostgresQuoteWork
from shop.contracts.http.cart import QuoteCart, QuoteView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders.quote import quote_cart


@endpoint(
    body=QuoteCart,
    answer=QuoteView,
    access=only(SHOPPERS),
    problems=("cart_empty", "tax_unavailable"),
)
def handler(request: Request[QuoteCart, None]) -> Answer:
    """Price the cart for a destination, with tax and every shipping method that is offered there."""
    settings = environment().settings
    view = quote_cart(
        carts(),
        read(PostgresQuoteWork),
        request.shopper,
        request.body,
        addresses=address_book(),
        taxes=tax_provider(),
        currency=settings.currency,
        prices_include_tax=settings.prices_include_tax,
    )
    return Answer(view)
