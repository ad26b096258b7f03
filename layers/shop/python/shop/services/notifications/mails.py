"""The e-mails to customers. Text from customers is escaped in the HTML part."""

from html import escape
from typing import Final

from shop.domain.money import to_decimal
from shop.domain.notifications import Mail
from shop.domain.orders import Order
from shop.domain.returns import Return

_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="font-family: sans-serif; max-width: 40em">{body}</body></html>'
)


def order_confirmed(order: Order) -> Mail:
    """Compose the e-mail that an order is confirmed."""
    subject = f"Your order {order.number} is confirmed"
    amounts = [
        ("Subtotal", order.subtotal_minor),
        ("Tax included" if order.prices_include_tax else "Tax", order.tax_minor),
        ("Shipping", order.shipping_minor),
        ("Total", order.total_minor),
    ]
    lines = [
        (f"{line.quantity} x {line.name}", _money(line.subtotal_minor, order.currency))
        for line in order.lines
    ] + [(label, _money(amount, order.currency)) for label, amount in amounts]
    closing = _delivery(order)
    return _mail(subject, order, ["Thank you for your order."], lines, closing)


def order_shipped(order: Order) -> Mail:
    """Compose the e-mail that an order is shipped, with its tracking number."""
    subject = f"Your order {order.number} is on its way"
    lines = [("Carrier", order.carrier or ""), ("Tracking number", order.tracking_number or "")]
    return _mail(subject, order, ["Your parcel is on its way."], lines, _delivery(order))


def return_approved(order: Order, returned: Return) -> Mail:
    """Compose the e-mail that a return is approved."""
    subject = f"Your return for order {order.number} is approved"
    closing = ["The units are refunded when they have arrived."]
    opening = ["Your return is approved. Please send back:"]
    return _mail(subject, order, opening, _units(order, returned), closing)


def return_rejected(order: Order, returned: Return) -> Mail:
    """Compose the e-mail that a return is rejected, and why."""
    subject = f"Your return for order {order.number} is rejected"
    opening = ["Your return is rejected. You asked to return:"]
    closing = [f"The reason: {returned.rejection_reason}"]
    return _mail(subject, order, opening, _units(order, returned), closing)


def _units(order: Order, returned: Return) -> list[tuple[str, str]]:
    names = {line.product_id: line.name for line in order.lines}
    return [(f"{item.quantity} x {names[item.product_id]}", "") for item in returned.items]


def _delivery(order: Order) -> list[str]:
    if order.estimated_delivery is None:
        return []
    return [f"Estimated delivery: {order.estimated_delivery.isoformat()}."]


def _money(amount_minor: int, currency: str) -> str:
    return f"{to_decimal(amount_minor, currency):,} {currency}"


def _mail(
    subject: str,
    order: Order,
    opening: list[str],
    table: list[tuple[str, str]],
    closing: list[str],
) -> Mail:
    greeting = f"Hello {order.shipping_address['name']},"
    width = max(len(label) for label, _ in table)
    text = "\n".join(
        [greeting, "", *opening, ""]
        + [f"  {label:<{width}}  {value}" for label, value in table]
        + ["", *closing]
    )
    rows = "".join(
        f'<tr><td>{escape(label)}</td><td style="text-align: right; padding-left: 2em">'
        f"{escape(value)}</td></tr>"
        for label, value in table
    )
    body = (
        "".join(f"<p>{escape(part)}</p>" for part in [greeting, *opening])
        + f"<table>{rows}</table>"
        + "".join(f"<p>{escape(part)}</p>" for part in closing)
    )
    return Mail(subject, text.rstrip() + "\n", _PAGE.format(title=escape(subject), body=body))
