"""A transaction over payments and the orders that they pay."""

from functools import cached_property

from shop.adapters.postgres.payments import PostgresPayments
from shop.adapters.postgres.refunds import PostgresRefunds
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.payments.ports import PaymentsWork


class PostgresPaymentsWork(PostgresOrdersWork, PaymentsWork):
    """A transaction over payments and the orders that they pay."""

    @cached_property
    def payments(self) -> PostgresPayments:
        """Payments."""
        return PostgresPayments(self.transaction, self.events)

    @cached_property
    def refunds(self) -> PostgresRefunds:
        """Refunds and disputes."""
        return PostgresRefunds(self.transaction)
