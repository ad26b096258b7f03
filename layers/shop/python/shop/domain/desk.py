"""Orders as the order desk sees them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from shop.domain.audit import AuditRow
from shop.domain.orders import OrderStatus


class Need(StrEnum):
    """What an order waits for: shipping, a refund, or a decision by staff."""

    SHIP = "ship"
    REFUND = "refund"
    ATTENTION = "attention"


class OrderSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions that every listed order meets.

    Attributes
    ----------
    number : str or None
        As `shop.domain.orders.order_number` writes it.
    sku : str or None
        Whole, as `shop.domain.scripts.plain_sku` returns it.
    created_from, created_to : datetime or None
        The first inclusive, the second exclusive.
    """

    status: OrderStatus | None = None
    email: str | None = None
    number: str | None = None
    sku: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    needs: Need | None = None


class DeskOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order in the desk's list.

    Attributes
    ----------
    attention : tuple of str
        Why it needs a person; empty if it does not.
    """

    order_id: UUID
    number: str
    user_id: UUID
    email: str | None
    status: OrderStatus
    total_minor: int
    currency: str
    units: int
    created_at: datetime
    attention: tuple[str, ...]


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to charge the order."""

    payment_intent_id: str | None
    status: str
    amount_minor: int
    failure_code: str | None
    created_at: datetime
    updated_at: datetime


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund; `problem` is why the provider rejects it."""

    payment_intent_id: str
    status: str
    amount_minor: int
    reason: str
    problem: str | None
    created_at: datetime
    updated_at: datetime


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """Units that the order holds or held."""

    product_id: UUID
    quantity: int
    status: str
    expires_at: datetime


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the order; `published_at` is None while it waits."""

    event_id: UUID
    event_type: str
    occurred_at: datetime
    published_at: datetime | None
    body: dict[str, Any]


class MailRow(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail about the order."""

    kind: str
    outcome: str | None
    finished_at: datetime | None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What staff noted about an order."""

    note_id: UUID
    author_id: UUID
    text: str
    created_at: datetime


class OrderFile(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to an order, besides the order itself."""

    attention: tuple[str, ...]
    payments: tuple[PaymentRow, ...]
    refunds: tuple[RefundRow, ...]
    holds: tuple[HoldRow, ...]
    events: tuple[EventRow, ...]
    mails: tuple[MailRow, ...]
    notes: tuple[Note, ...]
    audit: tuple[AuditRow, ...]
