"""The order desk: all orders, one with everything that belongs to it, notes, and the audit log."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shop.contracts.http import desk as http
from shop.domain.cursors import Place, cut, read_place, write_cursor
from shop.domain.desk import DeskOrder, Note, OrderSearch
from shop.domain.errors import InvalidRequest
from shop.domain.money import to_decimal
from shop.domain.orders import normal_number, order_not_found
from shop.domain.scripts import plain_sku
from shop.domain.sessions import Session
from shop.services.desk.ports import DeskWork
from shop.services.orders import views
from shop.services.unit_of_work import OpenReading, OpenUnitOfWork

_ORDERS: Final = "admin/orders"
_AUDIT: Final = "admin/audit"
_DEAD: Final = "admin/dead-messages"
_MAILS: Final = "admin/undeliverable-mail"
#: The audit log is sorted by its number alone.
_NO_ID: Final = UUID(int=0)


def list_orders(read: OpenReading[DeskWork], query: http.FindOrders) -> http.DeskOrders:
    """List orders of all customers, newest first.

    Raises
    ------
    InvalidRequest
        If a time or the cursor is wrong.
    """
    after = None if query.cursor is None else read_place(query.cursor, _ORDERS, datetime)
    search = OrderSearch(
        status=query.status,
        email=query.email,
        number=None if query.number is None else normal_number(query.number),
        sku=None if query.sku is None else plain_sku(query.sku),
        created_from=_moment("created_from", query.created_from),
        created_to=_moment("created_to", query.created_to),
        needs=query.needs,
    )
    with read() as work:
        found = work.desk.orders(search, query.limit + 1, after)
    page, following = cut(
        found,
        query.limit,
        lambda order: write_cursor(Place(_ORDERS, order.created_at, order.order_id)),
    )
    return http.DeskOrders(orders=[_order(order) for order in page], next_cursor=following)


def get_order(read: OpenReading[DeskWork], order_id: UUID) -> http.DeskOrderFile:
    """Read an order of any customer with everything that belongs to it.

    Raises
    ------
    NotFound
        ``order_not_found``.
    """
    with read() as work:
        order = work.orders.get(order_id)
        if order is None:
            raise order_not_found(order_id)
        file = work.desk.file(order_id)
    return http.DeskOrderFile(
        order=views.view(order),
        user_id=order.user_id,
        email=order.email,
        correlation_id=order.correlation_id,
        attention=list(file.attention),
        payments=[
            http.DeskPayment(
                payment_intent_id=row.payment_intent_id,
                status=row.status,
                amount=to_decimal(row.amount_minor),
                failure_code=row.failure_code,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
            for row in file.payments
        ],
        refunds=[
            http.DeskRefund(
                payment_intent_id=row.payment_intent_id,
                status=row.status,
                amount=to_decimal(row.amount_minor),
                reason=row.reason,
                problem=row.problem,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
            for row in file.refunds
        ],
        holds=list(file.holds),
        events=list(file.events),
        mails=list(file.mails),
        dead_messages=list(file.dead_messages),
        notes=list(file.notes),
        audit=list(file.audit),
    )


def add_note(
    open_unit_of_work: OpenUnitOfWork[DeskWork],
    author: Session,
    order_id: UUID,
    note_id: UUID,
    text: str,
) -> Note:
    """Add a note to an order. Repeating it with the same id changes nothing.

    Raises
    ------
    NotFound
        ``order_not_found``.
    """
    with open_unit_of_work() as work:
        if work.orders.get(order_id) is None:
            raise order_not_found(order_id)
        note = work.desk.add_note(note_id, order_id, author.user_id, text)
        if note is not None:
            work.audit("order.noted", "order", order_id, after={"note_id": note_id, "text": text})
            return note
        known = work.desk.note(note_id)
    if known is None:
        raise RuntimeError("a note that exists is not there")
    return known


def list_audit(read: OpenReading[DeskWork], query: http.FindAudit) -> http.AuditRows:
    """List the audit log, newest first.

    Raises
    ------
    InvalidRequest
        If the cursor is not one of this list.
    """
    before = None
    if query.cursor is not None:
        key = read_place(query.cursor, _AUDIT, int).key
        before = key if isinstance(key, int) else None
    with read() as work:
        found = work.desk.audit(
            actor_id=query.actor_id,
            subject=query.subject,
            subject_id=query.subject_id,
            limit=query.limit + 1,
            before=before,
        )
    page, following = cut(
        found, query.limit, lambda row: write_cursor(Place(_AUDIT, row.id, _NO_ID))
    )
    return http.AuditRows(rows=page, next_cursor=following)


def list_dead_messages(
    read: OpenReading[DeskWork], query: http.FindDeadMessages
) -> http.DeadMessages:
    """List dead-lettered messages, newest first, whether or not they concern an order.

    Raises
    ------
    InvalidRequest
        If the cursor is not one of this list.
    """
    after = None if query.cursor is None else read_place(query.cursor, _DEAD, datetime)
    with read() as work:
        found = work.desk.dead_messages(query.queue, query.limit + 1, after)
    page, following = cut(
        found, query.limit, lambda row: write_cursor(Place(_DEAD, row.dead_at, row.id))
    )
    return http.DeadMessages(messages=page, next_cursor=following)


def list_undeliverable_mails(
    read: OpenReading[DeskWork], query: http.FindUndeliverableMail
) -> http.UndeliverableMails:
    """List e-mails that were refused, newest first: about orders, and with links.

    Raises
    ------
    InvalidRequest
        If the cursor is not one of this list.
    """
    after = None if query.cursor is None else read_place(query.cursor, _MAILS, datetime)
    with read() as work:
        found = work.desk.undeliverable_mails(query.limit + 1, after)
    page, following = cut(
        found, query.limit, lambda mail: write_cursor(Place(_MAILS, mail.refused_at, mail.id))
    )
    return http.UndeliverableMails(mails=page, next_cursor=following)


def _order(order: DeskOrder) -> http.DeskOrderSummary:
    return http.DeskOrderSummary(
        order_id=order.order_id,
        number=order.number,
        user_id=order.user_id,
        email=order.email,
        status=order.status,
        total=to_decimal(order.total_minor),
        currency=order.currency,
        units=order.units,
        created_at=order.created_at,
        attention=list(order.attention),
    )


def _moment(name: str, text: str | None) -> datetime | None:
    """Read a day or a time in UTC, whose form the contract has checked."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.field(name, f"is no day or time: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
