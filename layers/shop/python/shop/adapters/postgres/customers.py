"""Customers in PostgreSQL."""

from shop.adapters.postgres.database import Transaction
from shop.domain.customers import Customer
from shop.domain.sessions import Role


class PostgresCustomers:
    """See `shop.services.identity.ports.CustomerRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, customer: Customer) -> bool:
        """Insert a customer."""
        row = self._transaction.row(
            "INSERT INTO customers AS known (id, email, password_hash, name, role)"
            " VALUES (%s, %s, %s, %s, %s)"
            # A row that is in the way is updated to what it is, only to be returned.
            " ON CONFLICT (email) DO UPDATE SET email = known.email RETURNING id",
            (
                customer.user_id,
                customer.email,
                customer.password_hash,
                customer.name,
                customer.role.value,
            ),
        )
        return row is not None and row[0] == customer.user_id

    def by_email(self, email: str) -> Customer | None:
        """Find a customer."""
        row = self._transaction.row(
            "SELECT id, email, name, password_hash, role FROM customers WHERE email = %s", (email,)
        )
        if row is None:
            return None
        user_id, email, name, password_hash, role = row
        return Customer(
            user_id=user_id, email=email, name=name, password_hash=password_hash, role=Role(role)
        )
