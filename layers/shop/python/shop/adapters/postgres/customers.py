"""Customers in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from collections.abc import Sequence
from typing import Final, override
from uuid import UUID

from psycopg import errors

from shop.adapters.postgres.database import Transaction
from shop.domain.customers import Customer
from shop.domain.passwords import UNUSABLE
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
# No password matches this hash; the address is in a domain that does not exist (RFC 2606).
_SCRUB: Final = """
    WITH mails AS (
        UPDATE notifications SET recipient = NULL FROM orders
        WHERE orders.id = notifications.order_id AND orders.user_id = %(id)s
    ), returned AS (
        UPDATE returns SET reason = '' FROM orders
        WHERE orders.id = returns.order_id AND orders.user_id = %(id)s
    ), sent AS (
        DELETE FROM links WHERE customer_id = %(id)s
           OR order_id IN (SELECT id FROM orders WHERE user_id = %(id)s)
           OR email = (SELECT email FROM customers WHERE id = %(id)s)
    ), kept AS (
        DELETE FROM customer_addresses WHERE customer_id = %(id)s
    ), factor AS (
        DELETE FROM second_factors WHERE customer_id = %(id)s
    ), answers AS (
        DELETE FROM idempotency_keys WHERE subject = %(id)s::text
    ), bought AS (
        UPDATE orders SET email = NULL, phone = NULL,
               shipping_address = jsonb_strip_nulls(jsonb_build_object(
                   'name', '', 'country', shipping_address -> 'country',
                   'region', shipping_address -> 'region'))
        WHERE user_id = %(id)s
    )
    UPDATE customers SET email = id || '@deleted.invalid', name = '', password_hash = %(unusable)s,
           email_verified_at = NULL, deleted_at = now()
    WHERE id = %(id)s
"""
_IN_PROGRESS: Final = """
    SELECT id FROM orders WHERE user_id = %s AND status NOT IN ('DELIVERED', 'CANCELLED')
    ORDER BY created_at
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
        statement = f"SELECT {_CUSTOMER} FROM customers WHERE id = %s AND deleted_at IS NULL"
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
    def orders_in_progress(self, customer_id: UUID) -> Sequence[UUID]:
        return [row.id for row in self._transaction.rows(_IN_PROGRESS, (customer_id,))]

    @override
    def scrub(self, customer_id: UUID) -> None:
        self._transaction.execute(_SCRUB, {"id": customer_id, "unusable": UNUSABLE})

    @override
    def take_orders(self, guest_id: UUID, customer_id: UUID) -> int:
        return self._transaction.execute(
            "UPDATE orders SET user_id = %s WHERE user_id = %s", (customer_id, guest_id)
        )
