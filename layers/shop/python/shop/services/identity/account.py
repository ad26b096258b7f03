"""Export and deletion of an account."""

from typing import Final, Protocol
from uuid import UUID

from shop.contracts.http.account import AccountExport
from shop.contracts.http.orders import OrderView
from shop.domain.errors import Conflict
from shop.services.cart.ports import CartStore
from shop.services.identity.ports import CustomersWork, SessionStore
from shop.services.identity.profile import existing, profile_view
from shop.services.orders import views
from shop.services.orders.ports import OrdersWork
from shop.services.unit_of_work import OpenReading, OpenTransaction

_PAGE: Final = 100


class AccountWork(CustomersWork, OrdersWork, Protocol):
    """A transaction over the customers and their orders."""


def export_account(read: OpenReading[AccountWork], customer_id: UUID) -> AccountExport:
    """Collect all that the shop stores about a customer: the profile, and every order with its timeline.

    Raises
    ------
    NotFound
        The account does not exist any more.
    """
    with read() as work:
        customer = existing(work.customers.by_id(customer_id))
        orders: list[OrderView] = []
        before = None
        while page := work.orders.page(customer_id, status=None, limit=_PAGE, before=before):
            read_again = (work.orders.get(summary.order_id) for summary in page)
            orders.extend(views.view(order) for order in read_again if order is not None)
            before = (page[-1].created_at, page[-1].order_id)
    return AccountExport(profile=profile_view(customer), orders=orders)


def delete_account(
    sessions: SessionStore,
    carts: CartStore,
    write: OpenTransaction[AccountWork],
    customer_id: UUID,
) -> None:
    """Delete a customer's account: remove what identifies a person, end all sessions, empty the cart.

    The orders stay, without name and address, and so do their amounts, and events, which hold no personal
    data.

    Raises
    ------
    NotFound
        The account does not exist any more.
    Conflict
        ``order_state_conflict``: an order is neither delivered nor cancelled, so its address is needed.
    DependencyUnavailable
        Before the commit nothing was changed.
    """
    with write() as work:
        existing(work.customers.by_id(customer_id, lock=True))
        waiting = work.customers.orders_in_progress(customer_id)
        if waiting:
            raise Conflict(
                f"Order {waiting[0]} is neither delivered nor cancelled; its address is needed.",
                code="order_state_conflict",
            )
        work.customers.scrub(customer_id)
        carts.empty(customer_id)
        sessions.close_all(customer_id)
    sessions.close_all(customer_id)
