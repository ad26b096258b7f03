"""The examples of the OpenAPI document are what the shop answers to the samples of events/.

``make examples`` writes the answers anew; `make docs` puts them into the document.
"""

import json
import os
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import pyotp

from documents.examples import FOLDER, NOT_SHOWN, Example
from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_order
from tests.support.ledger import LedgerBuilder
from tests.support.orders import OrderingShop
from tests.support.returns import deliver_order
from tests.support.stock import query
from tests.support.walk import FUNCTIONS, Walk

_PRODUCT: Final = UUID("0199e8a0-1111-7a2b-8c3d-4e5f60718293")
_BILLED: Final = UUID("0199e8a0-2222-7a2b-8c3d-4e5f60718293")
_AT_DESK: Final = "0199e8a0-3333-7a2b-8c3d-4e5f60718293"
_ORDER: Final = "0199e8a0-5c1d-7b3a-9f10-2c4e6a8b0d11"
_CART: Final = "0199e8a0-6666-7f70-8182-930415263748"
_ADDRESS: Final = "0199e8a0-7777-7a5b-9c60-718293041577"
_RETURN: Final = "0199e8a0-7777-7b3a-9f10-2c4e6a8b0d77"
_LINK: Final = "9xk2vQm7T1nJ5cW8yR3bZ6aLpD0eHfSgUiOqXwEtYuA"  # pragma: allowlist secret
_CODE: Final = "492039"
_RECOVERY_CODE: Final = "mfrg-gzdf-mztw-q2lk"
_ETAG: Final = '\\"1-5be87bf7573ecc08\\"'
_ADA: Final = {"email": "ada@example.com", "password": "correct horse battery"}
_CUSTOMER, _STAFF = Role.CUSTOMER, Role.STAFF
#: Endpoints that answer anybody, whatever is in the shop.
_PUBLIC: Final = (
    "platform/get_health",
    "platform/get_openapi",
    "platform/get_docs",
    "platform/get_problem",
)


def _log_in(walk: Walk, **changes: str) -> str:
    answer = walk.shop.post("/api/sessions", json=_ADA | changes)
    assert answer.status == 201, answer.text
    return str(answer.json["token"])


def _link(walk: Walk) -> str:
    ((_, token),) = walk.shop.send_links()
    return token


def _people(walk: Walk) -> None:
    walk.send("identity/create_customer")
    walk.tokens[Role.GUEST] = walk.send("identity/create_session")["token"]
    walk.tokens[_CUSTOMER] = _log_in(walk)
    walk.send("identity/request_verification", _CUSTOMER)
    walk.means(_LINK, _link(walk))
    walk.send("identity/verify_email")
    walk.send("identity/request_password_reset")
    walk.means(_LINK, _link(walk))
    walk.send("identity/reset_password")
    walk.tokens[_CUSTOMER] = _log_in(walk)
    walk.send("identity/change_profile", _CUSTOMER)
    walk.send("identity/get_profile", _CUSTOMER)
    walk.send("identity/list_sessions", _CUSTOMER)
    walk.means(_ADDRESS, walk.send("identity/add_address", _CUSTOMER)["address_id"])
    for title in ("list_addresses", "get_address", "change_address", "delete_address"):
        walk.send(f"identity/{title}", _CUSTOMER)
    walk.tokens |= {role: walk.shop.shopper(role) for role in (_STAFF, Role.FINANCE)}


def _staff(walk: Walk) -> None:
    """Enrol a member of staff, who disables the second factor, enrols again and loses the device."""
    sam = {"email": "sam@example.com", "name": "Sam Staff"}
    account = walk.shop.post("/api/customers", json=_ADA | sam).json["user_id"]
    database = walk.shop.container.settings.database_url
    query(database, "UPDATE customers SET role = 'staff' WHERE id = %s", (account,))
    colleague = walk.tokens[_STAFF]

    def enrol(**code: str) -> str:
        walk.tokens[_STAFF] = _log_in(walk, email=sam["email"], **code)
        secret = walk.send("identity/begin_second_factor", _STAFF)["secret"]
        walk.means(_CODE, pyotp.TOTP(secret).now())
        codes = walk.send("identity/confirm_second_factor", _STAFF)["recovery_codes"]
        del walk.known[_CODE]
        walk.tokens[_STAFF] = _log_in(walk, email=sam["email"], code=codes[0])
        return str(codes[1])

    walk.means(_RECOVERY_CODE, enrol())
    walk.send("identity/disable_second_factor", _STAFF)
    del walk.known[_RECOVERY_CODE]
    enrol()
    walk.tokens[_STAFF] = colleague
    walk.means(str(_BILLED), account)
    walk.send("identity/reset_second_factor", _STAFF)
    del walk.known[str(_BILLED)]


def _catalog(walk: Walk) -> None:
    walk.shop.product(product_id=_PRODUCT, sku="NORDVIK-14", name="Nordvik laptop 14",
                      brand="Nordvik", price_minor=99900, on_hand=25, category="laptops",
                      tags=("travel",), description="A laptop that stays cool.")  # fmt: skip
    for title in ("list_products", "list_categories", "search_products", "suggest_products"):
        walk.send(f"catalog/{title}")
    walk.send("catalog/get_product", without="If-None-Match")
    etag = walk.steps["catalog/get_product"].answer.headers["etag"]
    walk.means(_ETAG, json.dumps(etag)[1:-1])
    walk.send("catalog/change_product", _STAFF)
    walk.send("catalog/create_category", _STAFF)
    walk.send("catalog/change_category", _STAFF)
    walk.send("catalog/delete_category", _STAFF)
    created = walk.send("catalog/create_product", _STAFF)["id"]
    walk.means(str(_PRODUCT), created)
    walk.send("catalog/deactivate_product", _STAFF)
    walk.send("catalog/find_products", _STAFF)
    del walk.known[str(_PRODUCT)]


def _stock(walk: Walk) -> None:
    walk.send("inventory/get_stock")
    walk.send("inventory/set_stock", _STAFF)
    walk.send("inventory/reserve_stock", _STAFF)
    walk.send("inventory/release_stock", _STAFF)


def _cart(walk: Walk) -> None:
    cart_id = walk.send("cart/add_item", _CUSTOMER)["cart_id"]
    walk.means(_CART, cart_id)
    for title in ("get_cart", "change_item", "quote_cart", "remove_item"):
        walk.send(f"cart/{title}", _CUSTOMER)
    walk.send("cart/add_item", _CUSTOMER)
    walk.send("cart/empty_cart", _CUSTOMER)


def _orders(walk: Walk) -> None:
    shop, customer = walk.shop, walk.tokens[_CUSTOMER]
    walk.means(_ORDER, shop.order(customer, _PRODUCT))
    walk.send("orders/cancel_order", _CUSTOMER)

    order_id = shop.order(customer, _PRODUCT)
    walk.means(_ORDER, order_id)
    walk.send("orders/list_orders", _CUSTOMER)
    walk.send("payments/process_payment", _CUSTOMER)
    shop.confirm(order_id)
    shop.deliver("notifications/on_order_confirmed", "order.confirmed", order_id)
    walk.send("orders/find_orders", _STAFF)
    walk.send("orders/ship_order", _STAFF)
    walk.send("orders/deliver_order", _STAFF)
    walk.send("orders/refund_order", _STAFF)
    walk.send("orders/list_refunds", _STAFF)
    walk.send("orders/get_order", _CUSTOMER)
    walk.send("payments/receive_webhook")

    walk.known[_AT_DESK] = walk.known.pop(_ORDER)
    walk.send("orders/add_note", _STAFF)
    walk.send("orders/get_order_file", _STAFF)
    del walk.known[_AT_DESK]

    walk.means(_CART, shop.fill_cart(customer, _PRODUCT))
    walk.send("orders/checkout", _CUSTOMER)
    walk.send("orders/lookup_order")
    for kind in ("tax", "shipping"):
        walk.send(f"orders/get_{kind}_rates", _STAFF)
        walk.send(f"orders/set_{kind}_rates", _STAFF)


def _returns(walk: Walk) -> None:
    shop = walk.shop
    order_id = shop.order(walk.tokens[_CUSTOMER], _PRODUCT, quantity=2)
    walk.means(_ORDER, order_id)
    shop.pay(walk.tokens[_CUSTOMER], order_id)
    deliver_order(shop.container, order_id)
    walk.means(_RETURN, walk.send("orders/request_return", _CUSTOMER)["return_id"])
    walk.send("orders/reject_return", _STAFF)
    again = walk.send("orders/request_return", _CUSTOMER, Idempotency_Key="return-2")
    walk.means(_RETURN, again["return_id"])
    for title in ("approve_return", "receive_return", "refund_return", "list_returns"):
        walk.send(f"orders/{title}", _STAFF)


def _money(walk: Walk) -> None:
    begun = datetime(2025, 10, 1, 9, tzinfo=UTC)
    database = walk.shop.container.database
    add_order(database, order_id=_BILLED, created_at=begun)
    LedgerBuilder(database).invocation(begun, orders=[_BILLED])
    for title in ("get_costs", "export_costs_csv", "export_costs_jsonl", "get_order_cost",
                  "get_unit_economics", "get_report"):  # fmt: skip
        walk.send(f"finance/{title}", Role.FINANCE)


def _platform(walk: Walk) -> None:
    for title in _PUBLIC:
        walk.send(title)
    walk.send("platform/list_audit", _STAFF)
    walk.send("platform/list_dead_messages", _STAFF)
    walk.send("notifications/list_undeliverable_mail", _STAFF)
    walk.send("platform/get_business_metrics", _STAFF)


def _goodbye(walk: Walk) -> None:
    walk.send("identity/export_account", _CUSTOMER)
    walk.send("identity/delete_sessions", _CUSTOMER)
    other = {"email": "grace@example.com", "name": "Grace Hopper"}
    assert walk.shop.post("/api/customers", json=_ADA | other).status == 201
    walk.tokens[_CUSTOMER] = _log_in(walk, email=other["email"])
    ended = walk.send("identity/get_profile", _CUSTOMER)["user_id"]
    walk.means(str(_BILLED), ended)
    walk.send("identity/revoke_sessions", _STAFF)
    del walk.known[str(_BILLED)]
    walk.tokens[_CUSTOMER] = _log_in(walk, email=other["email"])
    walk.send("identity/delete_account", _CUSTOMER)
    walk.send("identity/delete_session", Role.GUEST)


def _walked(shop: OrderingShop) -> Walk:
    walk = Walk(shop)
    legs = (
        _people,
        _staff,
        _catalog,
        _stock,
        _cart,
        _orders,
        _returns,
        _money,
        _platform,
        _goodbye,
    )
    for leg in legs:
        leg(walk)
    return walk


def test_the_samples_are_answered_as_the_examples_say(shop: OrderingShop) -> None:
    walk = _walked(shop)
    assert set(walk.steps) == set(FUNCTIONS)
    for title, step in walk.steps.items():
        file = CHECKOUT / FOLDER / f"{title}.json"
        shown = Example(step.answer.status, None if title in NOT_SHOWN else step.example)
        if os.environ.get("SHOP_WRITE_EXAMPLES"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(shown.text())
        assert Example.of(file) == shown, f"{title}: run `make examples`"


def test_there_is_one_for_every_endpoint_and_nothing_else() -> None:
    folder = CHECKOUT / FOLDER
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {f"{title}.json" for title in FUNCTIONS}
