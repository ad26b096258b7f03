"""Carts, filled through the API."""

from typing import Any

from tests.support.gateway import Gateway


def add_to_cart(shop: Gateway, token: str, product_id: object, quantity: int = 1) -> Any:
    """Put a product into a cart; give the cart."""
    body = {"product_id": str(product_id), "quantity": quantity}
    answer = shop.post("/api/cart/items", json=body, token=token)
    assert answer.status == 200, answer.text
    return answer.json


def cart_of(shop: Gateway, token: str) -> dict[str, int]:
    """The quantities of a cart, by product."""
    items = shop.get("/api/cart", token=token).json["items"]
    return {item["product_id"]: item["quantity"] for item in items}
