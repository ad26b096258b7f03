"""The one table of error codes: code → HTTP status and title (RFC 9457)."""

from typing import Final, NamedTuple

import msgspec


class ProblemType(NamedTuple):
    """What a code stands for."""

    status: int
    title: str


#: Every code that the API answers with. The OpenAPI document is made from the same table.
PROBLEMS: Final[dict[str, ProblemType]] = {
    "invalid_json": ProblemType(400, "The body is not valid JSON"),
    "validation_failed": ProblemType(400, "A field is wrong"),
    "idempotency_key_required": ProblemType(400, "Idempotency-Key is required"),
    "insufficient_stock": ProblemType(400, "Not enough stock"),
    "cart_empty": ProblemType(400, "The cart is empty"),
    "invalid_signature": ProblemType(400, "The signature is wrong"),
    "session_required": ProblemType(401, "A session is required"),
    "session_expired": ProblemType(401, "The session has expired"),
    "invalid_credentials": ProblemType(401, "Wrong e-mail or password"),
    "card_declined": ProblemType(402, "The card was declined"),
    "amount_too_small": ProblemType(402, "The amount is below the provider's minimum"),
    "payment_refused": ProblemType(402, "The payment was refused"),
    "forbidden": ProblemType(403, "Not allowed"),
    "not_found": ProblemType(404, "Not found"),
    "route_not_found": ProblemType(404, "No such route"),
    "product_not_found": ProblemType(404, "No such product"),
    "category_not_found": ProblemType(404, "No such category"),
    "cart_not_found": ProblemType(404, "No such cart"),
    "cart_item_not_found": ProblemType(404, "Not in the cart"),
    "order_not_found": ProblemType(404, "No such order"),
    "reservation_not_found": ProblemType(404, "No such reservation"),
    "method_not_allowed": ProblemType(405, "Method not allowed"),
    "conflict": ProblemType(409, "Conflict"),
    "request_in_progress": ProblemType(409, "The same request is still running"),
    "cart_already_ordered": ProblemType(409, "The cart has an order that is not paid yet"),
    "order_state_conflict": ProblemType(409, "The order's status does not allow it"),
    "reservation_expired": ProblemType(409, "The reservation has expired"),
    "reservation_conflict": ProblemType(409, "The order already has another reservation"),
    "version_conflict": ProblemType(409, "Somebody else changed it first"),
    "email_taken": ProblemType(409, "The e-mail address is taken"),
    "sku_taken": ProblemType(409, "The SKU is taken"),
    "stock_conflict": ProblemType(409, "Stock cannot go below what is reserved"),
    "precondition_failed": ProblemType(412, "Somebody else changed it first"),
    "body_too_large": ProblemType(413, "The body is too large"),
    "unsupported_media_type": ProblemType(415, "Unsupported media type"),
    "idempotency_key_reused": ProblemType(422, "The Idempotency-Key was used for another request"),
    "precondition_required": ProblemType(428, "If-Match or version is required"),
    "too_many_requests": ProblemType(429, "Too many requests"),
    "internal_error": ProblemType(500, "Something went wrong on our side"),
    "dependency_unavailable": ProblemType(503, "A dependency is not available"),
    "payment_outcome_unknown": ProblemType(503, "The payment's outcome is not known yet"),
    "timeout": ProblemType(504, "The request took too long"),
}


class ProblemField(msgspec.Struct, frozen=True):
    """A field that is wrong."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every error, ``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemField] = []
