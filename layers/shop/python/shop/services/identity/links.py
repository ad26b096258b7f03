"""Links by e-mail: requested by any caller, sent only if a recipient exists.

A request does the same whether or not the order or the customer exists: it is counted, recorded and
announced. The consumer of the event looks for the recipient, so neither the response nor its timing reveals
the result.
"""

import logging
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from shop.contracts.events import LinkRequested
from shop.contracts.http.identity import LinkAccepted
from shop.domain.customers import checked_email
from shop.domain.errors import MailRefused
from shop.domain.ids import new_id
from shop.domain.links import LIFETIMES, Link, LinkKind, digest, new_token
from shop.domain.orders import normal_number
from shop.services.identity import mails
from shop.services.identity.ports import LinksWork, LinkThrottle
from shop.services.notifications.ports import Mailer
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

_ACCEPTED: Final = LinkAccepted(
    detail="If we know this address, an e-mail with a link is on its way to it."
)


def request_order_link(
    throttle: LinkThrottle,
    open_unit_of_work: OpenUnitOfWork[LinksWork],
    number: str,
    email: str,
    *,
    source: str,
) -> LinkAccepted:
    """Ask for a link to an order, by its number and the e-mail address that was left with it.

    Parameters
    ----------
    source : str
        The caller's IP address.

    Raises
    ------
    InvalidRequest
        The e-mail address is malformed.
    TooManyRequests
        After too many requests for this address or from this source.
    DependencyUnavailable
    """
    address = checked_email(email, "email")
    throttle.count(address, source)
    link = Link(
        link_id=new_id(), kind=LinkKind.ORDER, email=address, order_number=normal_number(number)
    )
    return _record(open_unit_of_work, link)


def request_password_reset(
    throttle: LinkThrottle,
    open_unit_of_work: OpenUnitOfWork[LinksWork],
    email: str,
    *,
    source: str,
) -> LinkAccepted:
    """Ask for a link to a new password; raises as `request_order_link` does."""
    address = checked_email(email, "email")
    throttle.count(address, source)
    link = Link(link_id=new_id(), kind=LinkKind.PASSWORD_RESET, email=address)
    return _record(open_unit_of_work, link)


def request_verification(
    throttle: LinkThrottle,
    open_unit_of_work: OpenUnitOfWork[LinksWork],
    customer_id: UUID,
    email: str,
    *,
    source: str,
) -> LinkAccepted:
    """Ask for a link that proves that a customer reads an address; raises as `request_order_link` does."""
    throttle.count(email, source)
    link = Link(link_id=new_id(), kind=LinkKind.VERIFICATION, email=email, customer_id=customer_id)
    return _record(open_unit_of_work, link)


def _record(open_unit_of_work: OpenUnitOfWork[LinksWork], link: Link) -> LinkAccepted:
    with open_unit_of_work() as work:
        work.links.add(link, LIFETIMES[link.kind])
        work.record(LinkRequested(link_id=link.link_id), correlation_id=link.link_id)
    return _ACCEPTED


def send_link(work: LinksWork, mailer: Mailer, link_id: UUID, *, site_url: str) -> bool:
    """Send a link that was asked for, inside a transaction; return whether there was a recipient.

    Only the e-mail contains the token. After a crash between the mail service's acceptance and the commit a
    second e-mail is sent, and only its link works.

    Raises
    ------
    DependencyUnavailable
        Nothing was recorded; the caller can retry.
    """
    link = work.links.lock_unsent(link_id)
    if link is None:
        return False
    link = _addressed(work, link)
    if link is None:
        return False
    token = new_token()
    work.links.issue(link, digest(token))
    try:
        mailer.send(link.email, mails.link(link, token, site_url), link_id)
    except MailRefused as refused:
        _log.error("e-mail refused", extra={"link_id": str(link_id), "detail": str(refused)})
    return True


def _addressed(work: LinksWork, link: Link) -> Link | None:
    """Return the link with its order or customer; None if there is none."""
    match link.kind:
        case LinkKind.ORDER:
            order_id = work.links.order_of(link)
            return replace(link, order_id=order_id) if order_id else None
        case LinkKind.PASSWORD_RESET:
            customer = work.customers.by_email(link.email)
            return replace(link, customer_id=customer.user_id) if customer else None
        case LinkKind.VERIFICATION:
            return link
