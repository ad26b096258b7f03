"""Customers in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from typing import Final, override
from uuid import UUID

from psycopg import errors

from shop.adapters.postgres.database import Transaction
from shop.domain.customers import Customer
from shop.services.identity.ports import CustomerRepository

_CUSTOMER: Final = "id AS user_id, email, name, password_hash, role, email_verified_at"
# A conflicting row is updated to its own values so that RETURNING includes it.
_ADD: Final = """
    INSERT INTO customers AS known (id, email, password_hash, name, role)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (email) DO UPDATE SET email = known.email RETURNING id
"""
_CHANGE_LOGIN: Final = """
    WITH others AS (
        UPDATE links SET used_at = now()
        WHERE customer_id = %(id)s AND kind = 'password_reset' AND used_at IS NULL
    )
    UPDATE customers SET password_hash = %(password_hash)s WHERE id = %(id)s
"""
_VERIFY: Final = """
    UPDATE customers SET email = %(email)s, email_verified_at = now()
    WHERE id = %(id)s AND NOT EXISTS (SELECT FROM customers WHERE email = %(email)s AND id <> %(id)s)
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
        return self._transaction.one(
            Customer, f"SELECT {_CUSTOMER} FROM customers WHERE email = %s", (email,)
        )

    @override
    def by_id(self, customer_id: UUID, *, lock: bool = False) -> Customer | None:
        statement = f"SELECT {_CUSTOMER} FROM customers WHERE id = %s"
        return self._transaction.one(
            Customer, statement + (" FOR UPDATE" if lock else ""), (customer_id,)
        )

    @override
    def rename(self, customer_id: UUID, name: str) -> None:
        self._transaction.execute(
            "UPDATE customers SET name = %s WHERE id = %s", (name, customer_id)
        )

    @override
    def set_password(self, customer_id: UUID, password_hash: str) -> None:
        self._transaction.execute(
            _CHANGE_LOGIN, {"id": customer_id, "password_hash": password_hash}
        )

    @override
    def verify_email(self, customer_id: UUID, email: str) -> bool:
        try:
            changed = self._transaction.execute(_VERIFY, {"id": customer_id, "email": email})
        except errors.UniqueViolation:
            # Another customer has registered it at the same moment.
            return False
        return changed == 1

    @override
    def take_orders(self, guest_id: UUID, customer_id: UUID) -> int:
        return self._transaction.execute(
            "UPDATE orders SET user_id = %s WHERE user_id = %s", (customer_id, guest_id)
        )
