"""Bodies of /api/admin/orders and /api/admin/audit."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.catalog import Cursor
from shop.contracts.http.orders import OrderView, PageSize
from shop.contracts.http.patterns import LINE, MOMENT, SKU
from shop.domain.audit import AuditRow
from shop.domain.desk import EventRow, HoldRow, MailRow, Need, Note
from shop.domain.orders import OrderStatus

type Moment = Annotated[str, msgspec.Meta(pattern=MOMENT)]


class FindOrders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/admin/orders.

    `email` is a whole address, in any case, `number` an order's number, however it is typed, `sku` the SKU of
    a line. `created_from` is included, `created_to` is not. `needs` lists orders that wait for shipping
    (``ship``), for a refund (``refund``) or for a decision by staff (``attention``).
    """

    status: OrderStatus | None = None
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=320)] | None = None
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=LINE)] | None = None
    sku: Annotated[str, msgspec.Meta(pattern=SKU)] | None = None
    created_from: Moment | None = None
    created_to: Moment | None = None
    needs: Need | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


class DeskOrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An order in the desk's list; `attention` says why it needs a decision by staff."""

    order_id: UUID
    number: str
    user_id: UUID
    email: str | None
    status: OrderStatus
    total: Decimal
    currency: str
    units: int
    created_at: datetime
    attention: list[str]


class DeskOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Orders, newest first; `next_cursor` requests the next ones and is null on the last page."""

    orders: list[DeskOrderSummary]
    next_cursor: str | None


class DeskPayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to charge the order."""

    payment_intent_id: str | None
    status: str
    amount: Decimal
    failure_code: str | None
    created_at: datetime
    updated_at: datetime


class DeskRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund; `problem` is why the provider rejects it."""

    payment_intent_id: str
    status: str
    amount: Decimal
    reason: str
    problem: str | None
    created_at: datetime
    updated_at: datetime


class DeskOrderFile(msgspec.Struct, frozen=True, kw_only=True):
    """An order with everything that belongs to it."""

    order: OrderView
    user_id: UUID
    email: str | None
    correlation_id: UUID
    attention: list[str]
    payments: list[DeskPayment]
    refunds: list[DeskRefund]
    holds: list[HoldRow]
    events: list[EventRow]
    mails: list[MailRow]
    notes: list[Note]
    audit: list[AuditRow]


class AddNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note of staff about an order."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A note that was added."""

    note_id: UUID
    author_id: UUID
    text: str
    created_at: datetime


class FindAudit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/admin/audit."""

    actor_id: UUID | None = None
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] | None = None
    subject_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class AuditRows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the audit log, newest first; `next_cursor` requests the next ones."""

    rows: list[AuditRow]
    next_cursor: str | None
