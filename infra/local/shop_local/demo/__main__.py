"""Buy something: browse, cart, checkout, payment, confirmation, e-mail, parcel.

Everything goes through the API Gateway URL. The stack must be up (`make demo` sees to that).
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.domain.ids import new_id
from shop_local.api import models
from shop_local.api.answer import Answer, UnexpectedAnswer
from shop_local.console import complain, headline
from shop_local.cost import text
from shop_local.cost.collecting import Collection, CollectionFailed
from shop_local.cost.report import read_order
from shop_local.demo import traces
from shop_local.demo.client import ShopClient
from shop_local.paths import default_state_folder

_TIMEOUT_SECONDS = 60.0
_ADDRESS: models.ShippingAddress = {
    "name": "Ada Example",
    "line1": "1 Market Street",
    "city": "San Francisco",
    "region": "CA",
    "postal_code": "94105",
    "country": "US",
}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.parse_args()
    settings = os.environ  # `make demo` runs it with stack.env
    shop = ShopClient(settings["SHOP_API_URL"])
    try:
        bought = _purchase(shop, settings)
        _pay_at_checkout(shop)
        _declined_card(shop)
        _what_it_cost(settings, bought)
    except (CollectionFailed, UnexpectedAnswer, TimeoutError) as failure:
        complain(f"the demo stopped: {failure}")
        return 1
    finally:
        shop.close()
    _what_next(settings)
    return 0


def _purchase(shop: ShopClient, settings: Mapping[str, str]) -> UUID:
    headline("\n1. Browse, as a guest")
    shop.session = shop.identity_create_session({}).expect(201)["token"]
    tree = shop.catalog_list_categories().expect()["categories"]
    category = max(tree, key=lambda entry: entry["product_count"])["slug"]
    page = shop.catalog_list_products(category=category, per_page=50).expect()
    bought = list(islice(_in_stock(shop, page["products"], at_least=2), 2))
    shop.catalog_get_product(bought[0]["id"]).expect()
    before = _stock(shop, bought)

    headline("\n2. Fill the cart, then sign up and log in: the guest's cart comes along")
    for item, quantity in zip(bought, (2, 1), strict=True):
        shop.cart_add_item({"product_id": item["id"], "quantity": quantity}).expect()
    email, password = f"ada.{new_id().hex[-8:]}@shop.example", "correct horse battery"
    shop.identity_create_customer(
        {"email": email, "password": password, "name": "Ada Example"}
    ).expect(201)
    opened = shop.identity_create_session({"email": email, "password": password})
    shop.session = opened.expect(201)["token"]
    cart = shop.cart_get_cart().expect()

    headline("\n3. Check out: the state machine creates the order and holds the stock")
    order = _check_out(shop, cart).expect(201)
    _stock(shop, bought)

    headline("\n4. Pay: from here on events carry the order")
    shop.payments_process_payment(
        {"order_id": order["order_id"], "payment_method_id": "pm_card_visa"},
        idempotency_key=str(new_id()),
    ).expect()
    _follow(shop, order["order_id"], "PROCESSING")
    _show_chain(settings, order["order_id"])

    headline("\n5. Staff ship the parcel, and it arrives")
    staff = _log_in(settings, "STAFF")
    shop.orders_ship_order(
        order["order_id"],
        {"carrier": "DHL", "tracking_number": "JD014600003SE"},
        session=staff,
    ).expect()
    shop.orders_deliver_order(order["order_id"], {}, session=staff).expect()
    delivered = _follow(shop, order["order_id"], "DELIVERED")

    headline("\n6. What happened")
    headline(f"  order {delivered['order_id']}: {delivered['total']} {delivered['currency']}")
    for entry in delivered["timeline"]:
        tracking = f"  {entry['tracking_number']}" if entry.get("tracking_number") else ""
        headline(f"    {entry['timestamp']}  {entry['status']}{tracking}")
    for message in _wait_for_emails(settings, email, 2):
        headline(f"  e-mail to {email}: {message['Subject']}")
    after = _stock(shop, bought)
    for item, quantity in zip(bought, (2, 1), strict=True):
        if after[item["id"]] != before[item["id"]] - quantity:
            raise UnexpectedAnswer(f"stock of {item['id']} is {after[item['id']]}")
    return UUID(delivered["order_id"])


def _pay_at_checkout(shop: ShopClient) -> None:
    headline("\n7. Pay at checkout: with pay_now the state machine charges the card, too")
    order = _check_out(shop, _fill_cart(shop), pay_now=True).expect(201)
    if order["status"] != "PAID":
        raise UnexpectedAnswer(f"the order is {order['status']}, not PAID")
    _follow(shop, order["order_id"], "PROCESSING")


def _declined_card(shop: ShopClient) -> None:
    headline(
        "\n8. A declined card: the order ends, stock and cart are given back, nothing is charged"
    )
    cart = _fill_cart(shop)
    declined = _check_out(shop, cart, pay_now=True, method="pm_card_chargeDeclined")
    declined.expect(402)
    if shop.cart_get_cart().expect()["cart_id"] != cart["cart_id"]:
        raise UnexpectedAnswer("the cart is not as it was")
    with shop.quiet():
        (last, *_) = shop.orders_list_orders(limit=1).expect()["orders"]
    _follow(shop, last["order_id"], "CANCELLED")


def _what_it_cost(settings: Mapping[str, str], order_id: UUID) -> None:
    headline("\n9. What it would have cost on AWS, by the ledger")
    reader = costs()
    settled = Collection(settings, reader).until_settled(order_id, seconds=_TIMEOUT_SECONDS)
    found = read_order(reader, order_id)
    if not settled or found is None:
        raise TimeoutError(f"the events of order {order_id} are not all published")
    prices = reader.price_list(environment().settings.price_region)
    headline("  " + text.purchase(found, prices))
    headline(f"  make trace ORDER={order_id}")


def _fill_cart(shop: ShopClient) -> models.CartView:
    page = shop.catalog_list_products(sort="price_asc", per_page=50).expect()
    product = next(_in_stock(shop, page["products"]))
    return shop.cart_add_item({"product_id": product["id"], "quantity": 1}).expect()


def _check_out(
    shop: ShopClient, cart: models.CartView, *, pay_now: bool = False, method: str = "pm_card_visa"
) -> Answer[models.OrderPlaced]:
    if cart["cart_id"] is None:
        raise UnexpectedAnswer("the cart is empty")
    return shop.orders_checkout(
        {
            "cart_id": cart["cart_id"],
            "shipping_address": _ADDRESS,
            "payment_method_id": method,
            "pay_now": pay_now,
        },
        idempotency_key=str(new_id()),
    )


def _log_in(settings: Mapping[str, str], role: str) -> str:
    shop = ShopClient(settings["SHOP_API_URL"])
    try:
        opened = shop.identity_create_session(
            {
                "email": settings[f"SHOP_{role}_EMAIL"],
                "password": settings[f"SHOP_{role}_PASSWORD"],
            }
        )
        return opened.expect(201)["token"]
    finally:
        shop.close()


def _in_stock(
    shop: ShopClient, products: list[models.ProductSummary], *, at_least: int = 1
) -> Iterator[models.ProductSummary]:
    """Find products that can be had now: a list's stock may be five minutes old."""
    for product in products:
        with shop.quiet():
            level = shop.inventory_get_stock(product["id"]).expect()
        if level["available"] >= at_least:
            yield product


def _stock(shop: ShopClient, products: list[models.ProductSummary]) -> dict[str, int]:
    levels = {}
    for product in products:
        with shop.quiet():
            stock = shop.inventory_get_stock(product["id"]).expect()
        levels[product["id"]] = stock["on_hand"]
        headline(
            f"      stock of {product['name']}: {stock['on_hand']} on hand,"
            f" {stock['reserved']} reserved, {stock['available']} available"
        )
    return levels


def _follow(shop: ShopClient, order_id: str, status: str) -> models.OrderView:
    """Print each status the order reaches until it is `status`."""
    shown = 0
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with shop.quiet():
            order = shop.orders_get_order(order_id).expect()
        for entry in order["timeline"][shown:]:
            headline(f"      {entry['timestamp']}  {entry['status']}")
        shown = len(order["timeline"])
        if order["status"] == status:
            return order
        time.sleep(0.1)
    raise TimeoutError(f"order {order_id} is {order['status']} after {_TIMEOUT_SECONDS:.0f} s")


def _show_chain(settings: Mapping[str, str], order_id: str) -> None:
    headline("  the chain, from the functions' logs:")
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    # Lambda hands a function's lines to CloudWatch after its end.
    while not any("PROCESSING" in line for line in traces.event_chain(settings, order_id)):
        if time.monotonic() > deadline:
            raise TimeoutError("the log does not tell how the order became PROCESSING")
        time.sleep(0.2)
    for line in traces.event_chain(settings, order_id):
        headline(f"    {line}")


def _wait_for_emails(settings: Mapping[str, str], email: str, count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while len(found := traces.emails(settings, email)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {count} e-mails to {email} were sent")
        time.sleep(0.2)
    return found


def _what_next(settings: Mapping[str, str]) -> None:
    api = settings["SHOP_API_URL"]
    headline(
        f"""
The shop is up.
  API            {api}
  try it         {api}/api/docs
  credentials    {default_state_folder() / "stack.env"}

Next
  make cost                          what all requests would have cost on AWS
  make status                        what runs, where
  make logs F=orders/checkout        follow a function's log
  make invoke F=platform/get_health  call one function
  make down                          stop everything, keep the data"""
    )


if __name__ == "__main__":
    sys.exit(main())
