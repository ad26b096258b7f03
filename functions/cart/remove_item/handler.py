"""DELETE /api/cart/items/{product_id}: remove a product from the cart."""

from shop.bootstrap import environment
from shop.bootstrap.cart import carts
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.cart import CartView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.cart import items as cart


@endpoint(answer=CartView, access=only(SHOPPERS), problems=("cart_item_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Remove a product from the cart."""
    user_id, product_id = request.shopper.user_id, request.id("product_id")
    return Answer(
        cart.remove_item(
            carts(),
            read(PostgresCatalogWork),
            user_id,
            product_id,
            currency=environment().settings.currency,
        )
    )
