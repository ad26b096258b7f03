"""Functions by the flow of the business to which their cost belongs."""

from enum import StrEnum
from typing import Final


class Flow(StrEnum):
    """The business flow that a request serves."""

    BROWSE = "browse"
    IDENTITY = "identity"
    CART = "cart"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    FULFILMENT = "fulfilment"
    TRACKING = "tracking"
    DESK = "desk"  # staff
    FINANCE = "finance"
    PLATFORM = "platform"


#: The flow of each function; a test holds it equal to what infra/template.yaml declares.
FLOWS: Final[dict[str, Flow]] = {
    "cart/add_item": Flow.CART,
    "cart/change_item": Flow.CART,
    "cart/empty_cart": Flow.CART,
    "cart/get_cart": Flow.CART,
    "cart/quote_cart": Flow.CART,
    "cart/on_order_cancelled": Flow.CART,
    "cart/remove_item": Flow.CART,
    "cart/track_carts": Flow.CART,
    "catalog/change_category": Flow.DESK,
    "catalog/change_product": Flow.DESK,
    "catalog/create_category": Flow.DESK,
    "catalog/create_product": Flow.DESK,
    "catalog/deactivate_product": Flow.DESK,
    "catalog/delete_category": Flow.DESK,
    "catalog/find_products": Flow.DESK,
    "catalog/get_product": Flow.BROWSE,
    "catalog/list_categories": Flow.BROWSE,
    "catalog/list_products": Flow.BROWSE,
    "catalog/on_inventory_updated": Flow.BROWSE,
    "catalog/on_product_updated": Flow.BROWSE,
    "catalog/search_products": Flow.BROWSE,
    "catalog/suggest_products": Flow.BROWSE,
    "finance/collect_costs": Flow.FINANCE,
    "finance/export_costs_csv": Flow.FINANCE,
    "finance/export_costs_jsonl": Flow.FINANCE,
    "finance/get_costs": Flow.FINANCE,
    "finance/get_order_cost": Flow.FINANCE,
    "finance/get_report": Flow.FINANCE,
    "finance/get_unit_economics": Flow.FINANCE,
    "identity/change_profile": Flow.IDENTITY,
    "identity/create_customer": Flow.IDENTITY,
    "identity/create_session": Flow.IDENTITY,
    "identity/delete_account": Flow.IDENTITY,
    "identity/delete_session": Flow.IDENTITY,
    "identity/delete_sessions": Flow.IDENTITY,
    "identity/delete_address": Flow.IDENTITY,
    "identity/change_address": Flow.IDENTITY,
    "identity/get_address": Flow.IDENTITY,
    "identity/add_address": Flow.IDENTITY,
    "identity/list_addresses": Flow.IDENTITY,
    "identity/export_account": Flow.IDENTITY,
    "identity/get_profile": Flow.IDENTITY,
    "identity/list_sessions": Flow.IDENTITY,
    "identity/request_password_reset": Flow.IDENTITY,
    "identity/request_verification": Flow.IDENTITY,
    "identity/reset_password": Flow.IDENTITY,
    "identity/revoke_sessions": Flow.IDENTITY,
    "identity/verify_email": Flow.IDENTITY,
    "identity/begin_second_factor": Flow.IDENTITY,
    "identity/confirm_second_factor": Flow.IDENTITY,
    "identity/disable_second_factor": Flow.IDENTITY,
    "identity/reset_second_factor": Flow.IDENTITY,
    "inventory/expire_reservations": Flow.CHECKOUT,
    "inventory/get_stock": Flow.BROWSE,
    "inventory/hold_order_stock": Flow.CHECKOUT,
    "inventory/on_order_paid": Flow.FULFILMENT,
    "inventory/release_stock": Flow.DESK,
    "inventory/reserve_stock": Flow.DESK,
    "inventory/set_stock": Flow.DESK,
    "notifications/list_undeliverable_mail": Flow.DESK,
    "notifications/on_link_requested": Flow.IDENTITY,
    "notifications/on_order_confirmed": Flow.FULFILMENT,
    "notifications/on_order_shipped": Flow.FULFILMENT,
    "notifications/on_return_approved": Flow.DESK,
    "notifications/on_return_rejected": Flow.DESK,
    "orders/add_note": Flow.DESK,
    "orders/approve_return": Flow.DESK,
    "orders/advance_orders": Flow.FULFILMENT,
    "orders/cancel_order": Flow.TRACKING,
    "orders/checkout": Flow.CHECKOUT,
    "orders/create_order": Flow.CHECKOUT,
    "orders/deliver_order": Flow.DESK,
    "orders/find_orders": Flow.DESK,
    "orders/get_order": Flow.TRACKING,
    "orders/get_shipping_rates": Flow.DESK,
    "orders/get_tax_rates": Flow.DESK,
    "orders/get_order_file": Flow.DESK,
    "orders/list_orders": Flow.TRACKING,
    "orders/lookup_order": Flow.TRACKING,
    "orders/list_refunds": Flow.TRACKING,
    "orders/list_returns": Flow.TRACKING,
    "orders/on_inventory_confirmed": Flow.FULFILMENT,
    "orders/receive_return": Flow.DESK,
    "orders/refund_order": Flow.DESK,
    "orders/refund_return": Flow.DESK,
    "orders/reject_order": Flow.CHECKOUT,
    "orders/reject_return": Flow.DESK,
    "orders/request_return": Flow.TRACKING,
    "orders/set_shipping_rates": Flow.DESK,
    "orders/set_tax_rates": Flow.DESK,
    "orders/ship_order": Flow.DESK,
    "payments/charge_order": Flow.PAYMENT,
    "payments/process_payment": Flow.PAYMENT,
    "payments/receive_webhook": Flow.PAYMENT,
    "payments/reconcile_payments": Flow.PAYMENT,
    "platform/collect_metrics": Flow.PLATFORM,
    "platform/get_business_metrics": Flow.FINANCE,
    "platform/get_docs": Flow.PLATFORM,
    "platform/get_health": Flow.PLATFORM,
    "platform/get_openapi": Flow.PLATFORM,
    "platform/get_problem": Flow.PLATFORM,
    "platform/list_dead_messages": Flow.DESK,
    "platform/list_audit": Flow.DESK,
    "platform/migrate": Flow.PLATFORM,
    "platform/prune_records": Flow.PLATFORM,
    "platform/relay_outbox": Flow.PLATFORM,
}
#: Functions that EventBridge Scheduler invokes, which bills each invocation.
SCHEDULED: Final = frozenset(
    {
        "cart/track_carts",
        "finance/collect_costs",
        "inventory/expire_reservations",
        "orders/advance_orders",
        "payments/reconcile_payments",
        "platform/collect_metrics",
        "platform/prune_records",
        "platform/relay_outbox",
    }
)
#: Flows before an order, whose requests belong to the order that the same user places next.
SESSION_FLOWS: Final = (Flow.BROWSE, Flow.CART, Flow.IDENTITY)
#: The fewest characters by which a logical id that was cut is still recognised.
_SHORTENED: Final = 8


def logical_id(title: str) -> str:
    """Return the logical id of a function.

    >>> logical_id("orders/checkout")
    'OrdersCheckoutFunction'
    """
    words = title.replace("/", "_").split("_")
    return "".join(word.capitalize() for word in words) + "Function"


_TITLES: Final = {logical_id(title): title for title in FLOWS}


def title_of(physical_name: str) -> str | None:
    """Return the title of a function from its physical name.

    That is ``<stack>-<logical id>-<suffix>``, a long logical id cut:
    ``shop-NotificationsOnOrderConf-e6c47c6b`` is ``notifications/on_order_confirmed``.

    Returns
    -------
    str or None
        None if no function, or more than one, has that name.
    """
    stack_and_id, _, _ = physical_name.rpartition("-")
    _, _, named = stack_and_id.rpartition("-")
    if named in _TITLES:
        return _TITLES[named]
    if len(named) < _SHORTENED:
        return None
    found = [title for identifier, title in _TITLES.items() if identifier.startswith(named)]
    return found[0] if len(found) == 1 else None
