"""GET /api/cart: the cart with current prices and availability."""

from shop.bootstrap import environment
from shop.bootstrap.cart import carts
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.cart import CartView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.cart import items as cart


@endpoint(answer=CartView, access=only(SHOPPERS))
def handler(request: Request[None, None]) -> Answer:
    """Show the cart with current prices and availability."""
    return Answer(
        cart.get_cart(
            carts(),
            read(PostgresCatalogWork),
            request.shopper.user_id,
            currency=environment().settings.currency,
        )
    )
