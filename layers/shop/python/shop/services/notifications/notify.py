"""E-mails to customers, sent once, and the resulting moves of the order."""

import logging
from typing import Final
from uuid import UUID

from shop.domain.errors import MailRefused
from shop.domain.notifications import Mail, NotificationKind, Outcome
from shop.domain.orders import Order, OrderStatus
from shop.domain.returns import Return, ReturnStatus
from shop.services.notifications import mails
from shop.services.notifications.ports import Mailer, NotificationsWork

_log = logging.getLogger(__name__)

_SHIPPED: Final = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})


def order_confirmed(work: NotificationsWork, mailer: Mailer, order_id: UUID) -> None:
    """Move a confirmed order to PROCESSING and e-mail the customer, in one transaction.

    The move locks the order's row until the e-mail is recorded, so that a second caller finds the order
    PROCESSING. The e-mail is sent twice only after a crash between the mail service's acceptance and the
    commit.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded and the order stays CONFIRMED; the caller can retry.
    """
    order = work.orders.move(order_id, OrderStatus.PROCESSING, unless_refunded=True)
    if order is not None:
        _notify(work, mailer, order, NotificationKind.ORDER_CONFIRMED, mails.order_confirmed(order))
        work.log_on_commit(
            "order moved",
            order_id=str(order_id),
            correlation_id=str(order.correlation_id),
            status=order.status,
        )


def order_shipped(work: NotificationsWork, mailer: Mailer, order_id: UUID) -> None:
    """E-mail the customer once that the parcel is on its way.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; the caller can retry.
    """
    kind = NotificationKind.ORDER_SHIPPED
    order = work.orders.get(order_id, lock=True)
    if (
        order is not None
        and order.status in _SHIPPED
        and not work.notifications.was_sent(order_id, kind)
    ):
        _notify(work, mailer, order, kind, mails.order_shipped(order))


def return_approved(
    work: NotificationsWork, mailer: Mailer, order_id: UUID, return_id: UUID
) -> None:
    """E-mail the customer once that a return is approved, unless it was rejected since.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; the caller can retry.
    """
    kind = NotificationKind.RETURN_APPROVED
    if (found := _return_to_report(work, order_id, return_id, kind)) is not None:
        order, returned = found
        if returned.status is not ReturnStatus.REJECTED:
            mail = mails.return_approved(order, returned)
            _notify(work, mailer, order, kind, mail, return_id=return_id)


def return_rejected(
    work: NotificationsWork, mailer: Mailer, order_id: UUID, return_id: UUID
) -> None:
    """E-mail the customer once that a return is rejected, and why.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; the caller can retry.
    """
    kind = NotificationKind.RETURN_REJECTED
    if (found := _return_to_report(work, order_id, return_id, kind)) is not None:
        order, returned = found
        if returned.status is ReturnStatus.REJECTED:
            mail = mails.return_rejected(order, returned)
            _notify(work, mailer, order, kind, mail, return_id=return_id)


def _return_to_report(
    work: NotificationsWork, order_id: UUID, return_id: UUID, kind: NotificationKind
) -> tuple[Order, Return] | None:
    """Lock an order and read a return of it; None if the notification was recorded before."""
    order = work.orders.get(order_id, lock=True)
    if order is None or work.notifications.was_sent(order_id, kind, return_id):
        return None
    found = [returned for returned in order.returns if returned.return_id == return_id]
    return (order, found[0]) if found else None


def _notify(
    work: NotificationsWork,
    mailer: Mailer,
    order: Order,
    kind: NotificationKind,
    mail: Mail,
    *,
    return_id: UUID | None = None,
) -> None:
    message_id = None
    if order.email is None:
        outcome = Outcome.NO_ADDRESS
    else:
        try:
            message_id = mailer.send(order.email, mail, order.correlation_id)
            outcome = Outcome.SENT
            work.log_on_commit(
                "e-mail sent",
                order_id=str(order.order_id),
                correlation_id=str(order.correlation_id),
                kind=kind,
                message_id=message_id,
            )
        except MailRefused as refused:
            outcome = Outcome.REFUSED
            _log.error(
                "e-mail refused",
                extra={
                    "order_id": str(order.order_id),
                    "correlation_id": str(order.correlation_id),
                    "detail": str(refused),
                },
            )
    work.notifications.record(
        order.order_id, kind, order.email, outcome, message_id, return_id=return_id
    )
