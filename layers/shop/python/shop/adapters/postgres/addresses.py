"""Addresses of customers in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Final, override
from uuid import UUID

from psycopg.types.json import Jsonb

from shop.adapters.postgres.database import Transaction
from shop.domain.customer_addresses import StoredAddress
from shop.services.identity.ports import AddressRepository

_OF_CUSTOMER: Final = """
    SELECT id AS address_id, address, is_default, created_at, updated_at FROM customer_addresses
    WHERE customer_id = %s ORDER BY created_at DESC, id DESC
"""
_NO_DEFAULT: Final = """
    UPDATE customer_addresses SET is_default = false WHERE customer_id = %s AND is_default
"""


class PostgresAddresses(AddressRepository):
    """Addresses of customers in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def of_customer(self, customer_id: UUID) -> Sequence[StoredAddress]:
        return self._transaction.all(StoredAddress, _OF_CUSTOMER, (customer_id,))

    @override
    def add(self, address_id: UUID, customer_id: UUID, address: Mapping[str, str]) -> None:
        self._transaction.send(
            "INSERT INTO customer_addresses (id, customer_id, address) VALUES (%s, %s, %s)",
            (address_id, customer_id, Jsonb(address)),
        )

    @override
    def change(self, address_id: UUID, address: Mapping[str, str]) -> None:
        self._transaction.send(
            "UPDATE customer_addresses SET address = %s, updated_at = clock_timestamp() WHERE id = %s",
            (Jsonb(address), address_id),
        )

    @override
    def set_default(self, customer_id: UUID, address_id: UUID | None) -> None:
        # In this order: the unique index never sees two.
        self._transaction.send(_NO_DEFAULT, (customer_id,))
        if address_id is not None:
            self._transaction.send(
                "UPDATE customer_addresses SET is_default = true WHERE id = %s", (address_id,)
            )

    @override
    def delete(self, address_id: UUID) -> None:
        self._transaction.send("DELETE FROM customer_addresses WHERE id = %s", (address_id,))
