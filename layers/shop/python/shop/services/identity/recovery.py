"""Use cases of links by e-mail: password reset and verification of an address."""

from uuid import UUID

from shop.domain.errors import Conflict
from shop.domain.links import LinkKind, digest, link_not_found
from shop.domain.passwords import hash_password
from shop.services.identity.ports import LinksWork, SessionStore
from shop.services.unit_of_work import OpenTransaction


def reset_password(
    sessions: SessionStore, write: OpenTransaction[LinksWork], token: str, password: str
) -> UUID:
    """Set a new password by a link, and end all sessions of the customer.

    All other such links become invalid. The sessions are ended before the commit, so that none outlives a new
    password because the session store was unavailable; and again after it, for one that was opened with the
    old password in between.

    Returns
    -------
    UUID
        The customer.

    Raises
    ------
    NotFound
        ``link_not_found``.
    DependencyUnavailable
        Before the commit nothing was changed, and the link still works.
    """
    with write() as work:
        customer_id, _ = _used(work, LinkKind.PASSWORD_RESET, token)
        work.customers.set_password(customer_id, hash_password(password))
        sessions.close_all(customer_id)
    sessions.close_all(customer_id)
    return customer_id


def verify_email(write: OpenTransaction[LinksWork], token: str) -> UUID:
    """Record that a customer reads the address that a link was sent to; it becomes that of the account.

    Returns
    -------
    UUID
        The customer.

    Raises
    ------
    NotFound
        ``link_not_found``.
    Conflict
        ``email_taken``: another customer has registered the address since.
    """
    with write() as work:
        customer_id, email = _used(work, LinkKind.VERIFICATION, token)
        if not work.customers.verify_email(customer_id, email):
            raise Conflict("Another customer has this e-mail address.", code="email_taken")
    return customer_id


def _used(work: LinksWork, kind: LinkKind, token: str) -> tuple[UUID, str]:
    """Use a customer's link up; return the customer and the address that it was sent to."""
    link = work.links.use(kind, digest(token))
    if link is None or link.customer_id is None:
        raise link_not_found()
    return link.customer_id, link.email
