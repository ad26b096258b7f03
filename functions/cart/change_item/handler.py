"""PATCH /api/cart/items/{product_id}: set the quantity of a product in the cart."""

from shop.bootstrap import environment
from shop.bootstrap.cart import carts
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.cart import CartView, SetItem
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.cart import items as cart


@endpoint(
    body=SetItem,
    answer=CartView,
    access=only(SHOPPERS),
    problems=("cart_item_not_found", "product_not_found", "insufficient_stock"),
)
def handler(request: Request[SetItem, None]) -> Answer:
    """Set the quantity of a product in the cart."""
    user_id, product_id = request.shopper.user_id, request.id("product_id")
    return Answer(
        cart.set_item(
            carts(),
            read(PostgresCatalogWork),
            user_id,
            product_id,
            request.body,
            currency=environment().settings.currency,
        )
    )
