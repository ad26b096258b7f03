"""The form of an error code's description, and the codes of conflicts (409)."""

from typing import Final, NamedTuple


class ProblemType(NamedTuple):
    """The description of an error code.

    Attributes
    ----------
    meaning : str
        When the API returns it.
    remedy : str
        What the client can do about it.
    """

    status: int
    title: str
    meaning: str
    remedy: str


READ_AGAIN: Final = "Read the resource again, apply the change to what it is now, and repeat."
REPEAT: Final = (
    "Repeat the request after the seconds in Retry-After, with the same Idempotency-Key if any."
)

#: The part of `shop.contracts.problems.PROBLEMS` whose status is 409.
CONFLICTS: Final[dict[str, ProblemType]] = {
    "conflict": ProblemType(
        409, "Conflict",
        "The present state does not allow the request.",
        READ_AGAIN,
    ),
    "request_in_progress": ProblemType(
        409, "The same request is still running",
        "An earlier request with this Idempotency-Key, or another payment of this order, has not ended.",
        REPEAT,
    ),
    "total_changed": ProblemType(
        409, "The total has changed",
        "Prices, taxes or shipping rates have changed since expected_total was shown; `errors` has the total,"
        " subtotal, tax and shipping of now. No order was created.",
        "Show the new figures, and check out with them and a new Idempotency-Key.",
    ),
    "cart_already_ordered": ProblemType(
        409, "The cart has an order already",
        "An earlier checkout of this cart created an order; what is in a cart is sold once.",
        "Pay that order, or cancel it to get the cart back. Once it is paid, read GET /api/cart and go on.",
    ),
    "order_state_conflict": ProblemType(
        409, "The order's status does not allow it",
        "The order has moved on; `detail` names its status.",
        "Read GET /api/orders/{order_id} and act on its status.",
    ),
    "already_refunded": ProblemType(
        409, "It was refunded before",
        "More units of a line were asked for than are left to refund, or the shipping was refunded before.",
        "Read GET /api/orders/{order_id}/refunds and ask for what is left.",
    ),
    "already_returned": ProblemType(
        409, "Units are returned or refunded already",
        "Fewer units are left to return than the request names: the others were refunded, or are in another"
        " return.",
        "Read GET /api/orders/{order_id}: `returns` and `payment` say what is left.",
    ),
    "return_in_progress": ProblemType(
        409, "Units are in a return",
        "Units that are to be refunded are in a return, which refunds them when they are received.",
        "Receive the return, or reject it first.",
    ),
    "return_window_closed": ProblemType(
        409, "The return window has closed",
        "The order was delivered longer ago than units can be returned.",
        "Contact the shop.",
    ),
    "return_state_conflict": ProblemType(
        409, "The return's state does not allow it",
        "The return has moved on, or was received with other units restocked.",
        "Read GET /api/orders/{order_id}/returns and act on its present status.",
    ),
    "refund_exceeds_charge": ProblemType(
        409, "The refund exceeds what is left of the charge",
        "Earlier refunds, those made at the payment provider included, leave less than the refund asks for,"
        " or the order was not charged.",
        "Read `payment.refundable` of GET /api/orders/{order_id} and refund at most that.",
    ),
    "charge_disputed": ProblemType(
        409, "The charge is disputed",
        "The customer's bank disputes the charge; the payment provider refunds nothing of it meanwhile.",
        "Answer the dispute at the payment provider first.",
    ),
    "restock_conflict": ProblemType(
        409, "The units cannot be put back into stock",
        "The order has not taken them out of stock yet, or they were put back before.",
        "Repeat the request without `restock`, or once the order is CONFIRMED.",
    ),
    "reservation_expired": ProblemType(
        409, "The reservation has expired",
        "The order's stock was held until its time ended, and the order is being cancelled.",
        "Check out again.",
    ),
    "reservation_conflict": ProblemType(
        409, "The order already has another reservation",
        "Stock is held for this order, with other products or quantities.",
        "Release the reservation first, or send the products and quantities that it has.",
    ),
    "version_conflict": ProblemType(
        409, "The resource was changed meanwhile",
        "The resource has another version than the one in the body.",
        READ_AGAIN,
    ),
    "email_taken": ProblemType(
        409, "The e-mail address is taken",
        "Another customer has this e-mail address.",
        "Log in with POST /api/sessions, or register another address.",
    ),
    "second_factor_exists": ProblemType(
        409, "The account has a second factor already",
        "The account is enrolled; another device replaces the present one only after that is disabled.",
        "Disable it with POST /api/customers/me/second-factor/disable, or have a colleague reset it.",
    ),
    "sku_taken": ProblemType(
        409, "The SKU is taken",
        "Another product has this SKU.",
        "Choose another one.",
    ),
    "category_taken": ProblemType(
        409, "The category exists",
        "Another category has this slug.",
        "Choose another one.",
    ),
    "too_many_addresses": ProblemType(
        409, "Too many addresses",
        "The customer keeps as many addresses as are allowed.",
        "Delete one first.",
    ),
    "category_in_use": ProblemType(
        409, "The category is in use",
        "Products, for sale or not, or other categories belong to the category.",
        "Move or delete them first.",
    ),
    "stock_conflict": ProblemType(
        409, "Stock cannot go below what is reserved",
        "Orders hold more of the product than the change would leave.",
        "Read GET /api/stock/{product_id} and leave at least what is reserved.",
    ),
}  # fmt: skip
