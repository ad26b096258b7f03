"""POST /api/cart/items: add a product to the cart."""

from shop.bootstrap import environment
from shop.bootstrap.cart import carts
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.cart import AddItem, CartView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.cart import items as cart


@endpoint(
    body=AddItem,
    answer=CartView,
    access=only(SHOPPERS),
    idempotency=ACCEPTED,
    problems=("product_not_found", "insufficient_stock"),
)
def handler(request: Request[AddItem, None]) -> Answer:
    """Add a product to the cart."""
    view = cart.add_item(
        carts(),
        read(PostgresCatalogWork),
        request.shopper.user_id,
        request.body,
        currency=environment().settings.currency,
        request_id=request.resource_id,
    )
    return Answer(view)
