"""Notifications: what customers are e-mailed, once, and what that means for the order."""

import logging
from typing import Final
from uuid import UUID

from shop.domain.errors import MailRefused
from shop.domain.notifications import Mail, NotificationKind, Outcome
from shop.domain.orders import Order, OrderStatus
from shop.services.notifications import mails
from shop.services.notifications.ports import Mailer
from shop.services.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

_UNSHIPPED: Final = frozenset({OrderStatus.CONFIRMED, OrderStatus.PROCESSING})
_SHIPPED: Final = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})


def order_confirmed(work: UnitOfWork, mailer: Mailer, order_id: UUID) -> None:
    """E-mail the customer that the order is confirmed, and move it to PROCESSING.

    Of two callers at once the second waits for the notification's row and finds it sent. A crash after
    the mail service took the e-mail and before the commit is the one case in which it is sent twice.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; try again.
    """
    order = work.orders.get(order_id)
    if order is None or order.status not in _UNSHIPPED or order.refund_pending:
        return
    _notify(work, mailer, order, NotificationKind.ORDER_CONFIRMED, mails.order_confirmed(order))
    moved = work.orders.move(order_id, OrderStatus.PROCESSING)
    if moved is not None:
        work.tell("order moved", order_id=str(order_id), status=moved.status)


def order_shipped(work: UnitOfWork, mailer: Mailer, order_id: UUID) -> None:
    """E-mail the customer that the parcel is on its way.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; try again.
    """
    order = work.orders.get(order_id)
    if order is not None and order.status in _SHIPPED:
        _notify(work, mailer, order, NotificationKind.ORDER_SHIPPED, mails.order_shipped(order))


def _notify(
    work: UnitOfWork, mailer: Mailer, order: Order, kind: NotificationKind, mail: Mail
) -> None:
    if work.notifications.begin(order.order_id, kind, order.email) is not None:
        return
    message_id = None
    if order.email is None:
        outcome = Outcome.NO_ADDRESS
    else:
        try:
            message_id, outcome = mailer.send(order.email, mail), Outcome.SENT
            work.tell("e-mail sent", order_id=str(order.order_id), kind=kind)
        except MailRefused as refused:
            outcome = Outcome.REFUSED
            _log.error("e-mail of order %s refused: %s", order.order_id, refused)
    work.notifications.finish(order.order_id, kind, outcome, message_id)
