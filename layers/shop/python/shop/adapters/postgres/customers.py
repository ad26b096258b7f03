"""Customers in PostgreSQL."""

from typing import Final, override

from shop.adapters.postgres.database import Transaction
from shop.domain.customers import Customer
from shop.services.identity.ports import CustomerRepository

# A conflicting row is updated to its own values so that RETURNING includes it.
_ADD: Final = """
    INSERT INTO customers AS known (id, email, password_hash, name, role)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (email) DO UPDATE SET email = known.email RETURNING id
"""
_BY_EMAIL: Final = """
    SELECT id AS user_id, email, name, password_hash, role FROM customers WHERE email = %s
"""


class PostgresCustomers(CustomerRepository):
    """Customers in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def add(self, customer: Customer) -> bool:
        row = self._transaction.row(
            _ADD,
            (
                customer.user_id,
                customer.email,
                customer.password_hash,
                customer.name,
                customer.role.value,
            ),
        )
        return row is not None and row.id == customer.user_id

    @override
    def by_email(self, email: str) -> Customer | None:
        return self._transaction.one(Customer, _BY_EMAIL, (email,))
