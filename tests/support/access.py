"""Who may call which route: the agreed table, which the declarations of the handlers must equal.

A route that is missing here, or that its handler opens to others, fails tests/functional/access.
"""

from typing import Final

from shop.domain.sessions import Role

#: Routes that require no session.
PUBLIC: Final[frozenset[Role] | None] = None
_STAFF: Final = frozenset({Role.STAFF})
_FINANCE: Final = frozenset({Role.FINANCE})
_PRIVILEGED: Final = _STAFF | _FINANCE
_OPERATORS: Final = _STAFF | {Role.SERVICE}
_CUSTOMERS: Final = frozenset({Role.CUSTOMER, Role.STAFF, Role.FINANCE})
_SHOPPERS: Final = _CUSTOMERS | {Role.GUEST}

ROUTES: Final[dict[str, frozenset[Role] | None]] = {
    "POST /api/customers": PUBLIC,
    "GET /api/customers/me": _CUSTOMERS,
    "PATCH /api/customers/me": _CUSTOMERS,
    "DELETE /api/customers/me": frozenset({Role.CUSTOMER}),
    "GET /api/customers/me/addresses": _CUSTOMERS,
    "POST /api/customers/me/addresses": _CUSTOMERS,
    "GET /api/customers/me/addresses/{address_id}": _CUSTOMERS,
    "PATCH /api/customers/me/addresses/{address_id}": _CUSTOMERS,
    "DELETE /api/customers/me/addresses/{address_id}": _CUSTOMERS,
    "GET /api/customers/me/export": _CUSTOMERS,
    "GET /api/customers/me/sessions": _CUSTOMERS,
    "DELETE /api/customers/me/sessions": _CUSTOMERS,
    "POST /api/customers/me/second-factor": _PRIVILEGED,
    "POST /api/customers/me/second-factor/confirm": _PRIVILEGED,
    "POST /api/customers/me/second-factor/disable": _PRIVILEGED,
    "POST /api/customers/verification": _CUSTOMERS,
    "POST /api/customers/verification/{token}": PUBLIC,
    "POST /api/password-resets": PUBLIC,
    "POST /api/password-resets/{token}": PUBLIC,
    "POST /api/sessions": PUBLIC,
    "DELETE /api/sessions": PUBLIC,
    "GET /api/catalog/categories": PUBLIC,
    "GET /api/catalog/products": PUBLIC,
    "POST /api/catalog/products": _STAFF,
    "GET /api/catalog/products/{product_id}": PUBLIC,
    "PATCH /api/catalog/products/{product_id}": _STAFF,
    "DELETE /api/catalog/products/{product_id}": _STAFF,
    "GET /api/catalog/search": PUBLIC,
    "GET /api/catalog/suggest": PUBLIC,
    "GET /api/cart": _SHOPPERS,
    "DELETE /api/cart": _SHOPPERS,
    "POST /api/cart/items": _SHOPPERS,
    "PATCH /api/cart/items/{product_id}": _SHOPPERS,
    "DELETE /api/cart/items/{product_id}": _SHOPPERS,
    "POST /api/cart/quote": _SHOPPERS,
    "GET /api/stock/{product_id}": PUBLIC,
    "PUT /api/stock/{product_id}": _STAFF,
    "POST /api/inventory/reserve": _OPERATORS,
    "POST /api/inventory/release": _OPERATORS,
    "POST /api/orders/checkout": _SHOPPERS,
    "POST /api/orders/lookup": PUBLIC,
    "GET /api/orders": _SHOPPERS,
    "GET /api/orders/{order_id}": _SHOPPERS | {Role.SERVICE},
    "POST /api/orders/{order_id}/cancel": _SHOPPERS,
    "POST /api/orders/{order_id}/ship": _STAFF,
    "POST /api/orders/{order_id}/deliver": _STAFF,
    "GET /api/orders/{order_id}/refunds": _SHOPPERS,
    "POST /api/orders/{order_id}/refunds": _STAFF,
    "GET /api/orders/{order_id}/returns": _SHOPPERS,
    "POST /api/orders/{order_id}/returns": _SHOPPERS,
    "POST /api/orders/{order_id}/returns/{return_id}/approve": _STAFF,
    "POST /api/orders/{order_id}/returns/{return_id}/receive": _STAFF,
    "POST /api/orders/{order_id}/returns/{return_id}/refund": _STAFF,
    "POST /api/orders/{order_id}/returns/{return_id}/reject": _STAFF,
    "POST /api/payments/process": _SHOPPERS,
    "POST /api/payments/webhook": PUBLIC,
    "GET /api/admin/audit": _STAFF,
    "POST /api/admin/categories": _STAFF,
    "PATCH /api/admin/categories/{slug}": _STAFF,
    "DELETE /api/admin/categories/{slug}": _STAFF,
    "DELETE /api/admin/customers/{customer_id}/sessions": _STAFF,
    "DELETE /api/admin/customers/{customer_id}/second-factor": _STAFF,
    "GET /api/admin/dead-messages": _STAFF,
    "GET /api/admin/orders": _STAFF,
    "GET /api/admin/orders/{order_id}": _STAFF,
    "POST /api/admin/orders/{order_id}/notes": _STAFF,
    "GET /api/admin/products": _STAFF,
    "GET /api/admin/shipping-rates": _STAFF,
    "PUT /api/admin/shipping-rates": _STAFF,
    "GET /api/admin/tax-rates": _STAFF,
    "PUT /api/admin/tax-rates": _STAFF,
    "GET /api/admin/undeliverable-mail": _STAFF,
    "GET /api/finance/costs": _FINANCE,
    "GET /api/finance/costs.csv": _FINANCE,
    "GET /api/finance/costs.jsonl": _FINANCE,
    "GET /api/finance/orders/{order_id}/cost": _FINANCE,
    "GET /api/finance/report": _FINANCE,
    "GET /api/finance/unit-economics": _FINANCE,
    "GET /api/metrics/business": _FINANCE | _STAFF,
    "GET /api/docs": PUBLIC,
    "GET /api/health": PUBLIC,
    "GET /api/openapi.json": PUBLIC,
    "GET /api/problems/{code}": PUBLIC,
}

#: Path parameters that name something of one customer's; others must not reach it.
OWNED: Final = frozenset(
    {"customer_id", "order_id", "return_id", "payment_id", "address_id", "session_id"}
)
#: Path parameters that name what everybody may read, or what is a secret itself.
SHARED: Final = frozenset({"product_id", "slug", "code", "token"})
