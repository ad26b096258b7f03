"""The one table of error codes: code → HTTP status, title, meaning and remedy (RFC 9457)."""

from typing import Final

from shop.contracts.conflicts import CONFLICTS, READ_AGAIN, REPEAT, ProblemType

_SEND_VALID: Final = "Correct the fields that `errors` names and send the request again."
_CHECK_ID: Final = "Check the id. What belongs to another customer is answered in the same way."
_OTHER_CARD: Final = "The products are in the cart again: check out with another payment method."

#: Every error code of the API. The OpenAPI document is generated from this table.
PROBLEMS: Final[dict[str, ProblemType]] = {
    "invalid_json": ProblemType(
        400, "The body is not valid JSON",
        "The body cannot be read as JSON.",
        "Send a JSON object in UTF-8.",
    ),
    "validation_failed": ProblemType(
        400, "A field is wrong",
        "A field of the body, a query parameter or a header is missing, unknown or outside of its limits.",
        _SEND_VALID,
    ),
    "idempotency_key_required": ProblemType(
        400, "Idempotency-Key is required",
        "The request creates something that must not be created twice, and names no key.",
        "Send an Idempotency-Key header, a new one for each purchase and the same for each repetition.",
    ),
    "insufficient_stock": ProblemType(
        400, "Not enough stock",
        "Less is available than was asked for; `errors` names the lines.",
        "Lower the quantities or remove the lines, then repeat with a new Idempotency-Key.",
    ),
    "cart_empty": ProblemType(
        400, "The cart is empty",
        "There is nothing in the cart to order.",
        "Add a product to the cart first.",
    ),
    "invalid_signature": ProblemType(
        400, "The signature is wrong",
        "The Stripe-Signature header is missing, older than five minutes, or made with another secret.",
        "Compare the signing secret of the webhook endpoint with the shop's setting.",
    ),
    "session_required": ProblemType(
        401, "A session is required",
        "The request carries no bearer token, or the Authorization header is malformed.",
        "Create a session with POST /api/sessions and send its token as Authorization: Bearer <token>.",
    ),
    "session_expired": ProblemType(
        401, "The session has expired",
        "The token was ended, or is older than its expires_at.",
        "Create another session with POST /api/sessions.",
    ),
    "invalid_credentials": ProblemType(
        401, "Wrong e-mail or password",
        "No customer has this e-mail address together with this password.",
        "Check both. The answer does not tell which of them is wrong.",
    ),
    "second_factor_required": ProblemType(
        401, "A code of the second factor is required",
        "E-mail address and password are right, and the account has a second factor.",
        "Log in again with `code`: the six digits that the authenticator app shows, or a recovery code.",
    ),
    "second_factor_invalid": ProblemType(
        401, "The code of the second factor is wrong",
        "The code is of another account or time, or was used before: each is accepted once.",
        "Wait for the next code that the authenticator app shows, and check the time of the device.",
    ),
    "card_declined": ProblemType(
        402, "The card was declined",
        "The bank declined the payment. The order is cancelled and its stock is available again.",
        _OTHER_CARD,
    ),
    "amount_too_small": ProblemType(
        402, "The amount is below the provider's minimum",
        "The payment provider does not charge an amount this small. The order is cancelled.",
        "Order more.",
    ),
    "payment_refused": ProblemType(
        402, "The payment was refused",
        "The payment provider cannot charge this payment method. The order is cancelled.",
        _OTHER_CARD,
    ),
    "forbidden": ProblemType(
        403, "Not allowed",
        "The session's role may not call this endpoint.",
        "Use a session of a role that the endpoint's documentation names.",
    ),
    "second_factor_enrolment_required": ProblemType(
        403, "A second factor is required",
        "The account's role may call this endpoint once the account has a second factor.",
        "Enrol with POST /api/customers/me/second-factor, then log in with a code.",
    ),
    "not_found": ProblemType(
        404, "Not found",
        "The resource does not exist, or belongs to another customer.",
        _CHECK_ID,
    ),
    "route_not_found": ProblemType(
        404, "No such route",
        "No endpoint has this path and method.",
        "Compare both with GET /api/openapi.json.",
    ),
    "problem_not_found": ProblemType(
        404, "No such problem type",
        "The API answers with no problem of this code.",
        "Take the code from the `type` or `code` of a problem.",
    ),
    "address_not_found": ProblemType(
        404, "No such address",
        "The address does not exist, or another customer keeps it.",
        _CHECK_ID,
    ),
    "product_not_found": ProblemType(
        404, "No such product",
        "The product does not exist or is no longer sold.",
        "Check the id, or search the catalog.",
    ),
    "customer_not_found": ProblemType(
        404, "No such customer",
        "No account has this id.",
        "Check the id.",
    ),
    "second_factor_not_found": ProblemType(
        404, "No second factor",
        "The account has no second factor, or its enrolment has not been begun.",
        "Begin with POST /api/customers/me/second-factor.",
    ),
    "category_not_found": ProblemType(
        404, "No such category",
        "The category does not exist.",
        "Take one from GET /api/catalog/categories.",
    ),
    "cart_not_found": ProblemType(
        404, "No such cart",
        "The cart does not exist, has expired, or belongs to another session.",
        "Read GET /api/cart and send the cart_id that it answers.",
    ),
    "cart_item_not_found": ProblemType(
        404, "Not in the cart",
        "The cart does not hold this product.",
        "Add it with POST /api/cart/items.",
    ),
    "order_not_found": ProblemType(
        404, "No such order",
        "The order does not exist, or belongs to another customer.",
        _CHECK_ID,
    ),
    "return_not_found": ProblemType(
        404, "No such return",
        "The order has no return with this id.",
        "Take an id from GET /api/orders/{order_id}/returns.",
    ),
    "link_not_found": ProblemType(
        404, "No such link",
        "The link was used before, has expired, or never existed.",
        "Ask for another one.",
    ),
    "reservation_not_found": ProblemType(
        404, "No such reservation",
        "The order holds no stock.",
        "Check the order's id. A hold that was released or has expired is not found either.",
    ),
    "costs_not_recorded": ProblemType(
        404, "The ledger has no such costs",
        "The order is older than the ledger, its log events were lost, or nothing has been collected yet.",
        "Ask for what happened after the ledger's beginning, which `detail` names if there is one.",
    ),
    "method_not_allowed": ProblemType(
        405, "Method not allowed",
        "The path exists, but not with this method.",
        "Compare both with GET /api/openapi.json.",
    ),
    **CONFLICTS,
    "precondition_failed": ProblemType(
        412, "The resource was changed meanwhile",
        "The resource has another ETag than If-Match names.",
        READ_AGAIN,
    ),
    "body_too_large": ProblemType(
        413, "The body is too large",
        "The body has more than 65536 bytes.",
        "Send less in one request.",
    ),
    "unsupported_media_type": ProblemType(
        415, "Unsupported media type",
        "The body is declared as something other than JSON.",
        "Send Content-Type: application/json.",
    ),
    "idempotency_key_reused": ProblemType(
        422, "The Idempotency-Key was used for another request",
        "An earlier request with the same key had another path or body.",
        "Send a new key for a new request, and exactly the same request for a repetition.",
    ),
    "precondition_required": ProblemType(
        428, "If-Match or version is required",
        "The change does not say which version it was made of.",
        "Send the resource's ETag as If-Match, or its version in the body.",
    ),
    "too_many_requests": ProblemType(
        429, "Too many requests",
        "The session, the account or the source has used up its rate.",
        REPEAT,
    ),
    "internal_error": ProblemType(
        500, "Something went wrong on our side",
        "The request met a fault of the shop. It is in the log under the request_id.",
        "Repeat it once; if it fails again, report the request_id.",
    ),
    "price_missing": ProblemType(
        500, "A price is missing",
        "The price list lacks a price that the answer needs; `detail` names it. Nothing is computed without.",
        "Add the price to infra/pricing, as another version, and run the migrations.",
    ),
    "dependency_unavailable": ProblemType(
        503, "A dependency is not available",
        "A server that the request needs did not answer. Nothing was changed.",
        REPEAT,
    ),
    "payment_outcome_unknown": ProblemType(
        503, "The payment's outcome is not known yet",
        "The payment provider did not answer in time. The order stays PAYMENT_PROCESSING until the shop"
        " has learned whether it was charged.",
        "Repeat the same request, or follow the order: it is never charged twice.",
    ),
    "tax_unavailable": ProblemType(
        503, "The tax is not known",
        "The provider of taxes did not answer. Nothing was priced, and no order was created.",
        REPEAT,
    ),
    "timeout": ProblemType(
        504, "The request took too long",
        "The function did not answer in time; it may have done its work.",
        REPEAT,
    ),
}  # fmt: skip
