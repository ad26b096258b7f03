"""Ports of the orders."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from shop.contracts.events import Event
from shop.contracts.tasks import PlacedOrder, PlaceOrder
from shop.domain.addresses import CountryRules
from shop.domain.orders import Order, OrderStatus, StaleOrder
from shop.domain.pricing import Quote
from shop.domain.rates import ShippingRow, TaxRow, Version
from shop.domain.tax import Assessment, Sale
from shop.services.catalog.ports import CatalogWork
from shop.services.identity.ports import LinkRepository
from shop.services.inventory.ports import InventoryWork
from shop.services.unit_of_work import UnitOfWork


class OrderRepository(Protocol):
    """Orders inside one transaction."""

    def add(self, order: Order, created: Event) -> bool:
        """Insert a PENDING order with its lines and first timeline entry, and record the event.

        False, with nothing changed, if it already exists, if its cart was ordered before (another order of
        the cart lives, was paid, or has returned the cart's content to a cart with another id), or if the
        cart belongs to another customer by now; see `own_cart`.
        """

    def get(self, order_id: UUID, *, lock: bool = False) -> Order | None:
        """Read an order with its lines, its timeline, its payment and whether a refund is pending.

        `lock` locks its row until the transaction ends. The status is then the row's latest; lines never
        change, but the other fields are as of the statement's start, before it waited for the lock.
        """

    def of_cart(self, cart_id: UUID) -> Order | None:
        """Read the order because of which a cart cannot be ordered (with lines, without timeline)."""

    def lock_cart(self, cart_id: UUID) -> None:
        """Let no order of a cart be added by another transaction until this one ends."""

    def own_cart(self, cart_id: UUID, guest_id: UUID, customer_id: UUID) -> UUID:
        """Make a guest's cart, after `lock_cart`, a customer's: nobody else orders it from now on.

        Returns
        -------
        UUID
            The customer to whom it belongs: another one if that was recorded before.
        """

    def owner_of_cart(self, cart_id: UUID) -> UUID | None:
        """Return the customer to whom a guest's cart belongs by now."""

    def return_cart(self, order_id: UUID) -> UUID | None:
        """Record that a cancelled order's lines return to a cart, whose id is not the order's.

        From then on the order's cart id cannot be ordered. One statement, in autocommit mode.

        Returns
        -------
        UUID or None
            The order's owner; None if another order of the same cart has been placed since: its lines are in
            that order.
        """

    def move(
        self,
        order_id: UUID,
        target: OrderStatus,
        *,
        sources: frozenset[OrderStatus] | None = None,
        reason: str | None = None,
        carrier: str | None = None,
        tracking_number: str | None = None,
        estimated_delivery: date | None = None,
        unless_refunded: bool = False,
    ) -> Order | None:
        """Compare-and-set the status and append to the timeline, in one statement.

        Parameters
        ----------
        sources : frozenset of OrderStatus, optional
            Statuses to move from; by default every status from which the move is allowed.
        unless_refunded : bool
            Do not move an order whose whole charge has been refunded, or is about to be.

        Returns
        -------
        Order or None
            The order after the move (with lines, without timeline). None, with nothing changed, if it was in
            none of the source statuses: the event was late or repeated.
        """

    def page(
        self,
        user_id: UUID,
        *,
        status: OrderStatus | None,
        limit: int,
        before: tuple[datetime, UUID] | None,
    ) -> Sequence[Order]:
        """Read a user's orders, newest first (with lines, without timeline)."""

    def lock_stale(
        self, status: OrderStatus, idle: timedelta, *, after: StaleOrder | None
    ) -> StaleOrder | None:
        """Lock the order that has been in a status for longest, and at least `idle`; None if there is none.

        Orders that another transaction has locked and those whose whole charge is refunded are skipped.

        Parameters
        ----------
        after : StaleOrder or None
            Only orders that come after this one.
        """


class CheckoutMachine(Protocol):
    """The state machine that runs a checkout synchronously."""

    def run(self, command: PlaceOrder) -> PlacedOrder:
        """Create an order, hold its stock and, with `pay_now`, charge it; a repeat continues it.

        Raises
        ------
        ShopError
            The refusal of a step, with its code and fields.
        PaymentOutcomeUnknown
            It is not known yet whether the order was charged.
        DependencyUnavailable
            It timed out, or a server is unavailable; the caller can repeat it.
        """


class AddressBook(Protocol):
    """The postal rules of the countries."""

    def rules(self, country: str) -> CountryRules:
        """Return the rules of a country (ISO 3166-1 alpha-2)."""


class PriceBook(Protocol):
    """Prices and shipping rates inside one transaction."""

    def quote(self, order_id: UUID | None, product_ids: Sequence[UUID], *, country: str) -> Quote:
        """Read all inputs of an order's price but the tax, in one statement.

        Parameters
        ----------
        order_id : UUID or None
            The order that may exist already; None without one.
        """


class TaxProvider(Protocol):
    """Who determines the tax of a sale: the shop's own rates, or a service.

    `tests/support/tax_providers.py` is the suite that every adapter passes, and ADR 14 says how a service
    is connected.
    """

    def assess(self, sale: Sale) -> Assessment:
        """Determine the tax of each item and of each shipping method of a sale.

        It is asked once a quote and once an order, before the order is written, outside of a transaction. It
        changes nothing, so that it may be asked again.

        Raises
        ------
        Untaxable
            The destination lacks what the tax depends on, or nothing is sold to it. An adapter never answers
            zero for want of a rate.
        DependencyUnavailable
            It did not answer in time.
        """


class OrdersWork(InventoryWork, Protocol):
    """A transaction over orders and the stock that they hold."""

    @property
    def orders(self) -> OrderRepository:
        """Orders."""


class LinkedOrdersWork(OrdersWork, Protocol):
    """A transaction over orders and the links to them."""

    @property
    def links(self) -> LinkRepository:
        """Links by e-mail."""


class PlacementWork(OrdersWork, Protocol):
    """A transaction that prices and places orders."""

    @property
    def prices(self) -> PriceBook:
        """Current prices and shipping rates."""


class QuoteWork(CatalogWork, Protocol):
    """A transaction that prices carts."""

    @property
    def prices(self) -> PriceBook:
        """Current prices and shipping rates."""


class RateTables(Protocol):
    """Versions of the tax and shipping rates inside one transaction."""

    def tax(self) -> Version[TaxRow]:
        """Read the tax rates that are valid now."""

    def shipping(self) -> Version[ShippingRow]:
        """Read the shipping rates that are valid now."""

    def lock(self) -> None:
        """Let no other transaction add a version before this one ends."""

    def set_tax(
        self, rows: Sequence[TaxRow], *, valid_from: datetime | None, actor: UUID
    ) -> Version[TaxRow]:
        """Add a version of the tax rates, valid from a time on; None is now."""

    def set_shipping(
        self, rows: Sequence[ShippingRow], *, valid_from: datetime | None, actor: UUID
    ) -> Version[ShippingRow]:
        """Add a version of the shipping rates, valid from a time on; None is now."""


class RatesWork(UnitOfWork, Protocol):
    """A transaction over the tax and shipping rates."""

    @property
    def rates(self) -> RateTables:
        """Tax and shipping rates."""
