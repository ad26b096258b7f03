"""Versions of the tax and shipping rates in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from collections.abc import Sequence
from datetime import datetime
from typing import Final, override
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from shop.adapters.postgres.database import Transaction
from shop.domain.rates import ShippingRow, TaxRow, Version
from shop.services.orders.ports import RateTables

_TAX: Final = "country, region, tax_class, rate_ppm, taxes_shipping"
_SHIPPING: Final = "country, method, price_minor, free_from_minor, delivery_days"


# One row that is always there. Orders that refer to it are not kept waiting.
_LOCK: Final = "SELECT FROM rate_versions ORDER BY version LIMIT 1 FOR NO KEY UPDATE"


def _statements(kind: str, columns: str) -> tuple[str, str]:
    """Return what reads the current version of a table, and what adds one."""
    return (
        f"""
        SELECT version, CASE WHEN isfinite(valid_from) THEN valid_from END AS valid_from,
               (SELECT coalesce(jsonb_agg(to_jsonb(rate) - 'version' ORDER BY {columns}), '[]')
                FROM {kind}_rates AS rate WHERE rate.version = current_rates.version) AS rows
        FROM current_rates WHERE kind = '{kind}'
        """,
        f"""
        WITH added AS (
            INSERT INTO rate_versions (kind, valid_from, created_by)
            VALUES ('{kind}', coalesce(%(valid_from)s, clock_timestamp()), %(actor)s)
            RETURNING version, valid_from
        ), filled AS (
            INSERT INTO {kind}_rates (version, {columns})
            SELECT added.version, sent.{columns.replace(", ", ", sent.")}
            FROM added, jsonb_populate_recordset(NULL::{kind}_rates, %(rows)s) AS sent
        )
        SELECT version, valid_from, %(rows)s::jsonb AS rows FROM added
        """,
    )


_READ_TAX, _ADD_TAX = _statements("tax", _TAX)
_READ_SHIPPING, _ADD_SHIPPING = _statements("shipping", _SHIPPING)


class PostgresRates(RateTables):
    """Versions of the tax and shipping rates."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def tax(self) -> Version[TaxRow]:
        return _one(self._transaction.one(Version[TaxRow], _READ_TAX))

    @override
    def shipping(self) -> Version[ShippingRow]:
        return _one(self._transaction.one(Version[ShippingRow], _READ_SHIPPING))

    @override
    def lock(self) -> None:
        self._transaction.send(_LOCK)

    @override
    def set_tax(
        self, rows: Sequence[TaxRow], *, valid_from: datetime | None, actor: UUID
    ) -> Version[TaxRow]:
        sent = _parameters(rows, valid_from, actor)
        return _one(self._transaction.one(Version[TaxRow], _ADD_TAX, sent))

    @override
    def set_shipping(
        self, rows: Sequence[ShippingRow], *, valid_from: datetime | None, actor: UUID
    ) -> Version[ShippingRow]:
        sent = _parameters(rows, valid_from, actor)
        return _one(self._transaction.one(Version[ShippingRow], _ADD_SHIPPING, sent))


def _parameters(
    rows: Sequence[msgspec.Struct], valid_from: datetime | None, actor: UUID
) -> dict[str, object]:
    fields = [msgspec.structs.asdict(row) for row in rows]
    return {"rows": Jsonb(fields), "valid_from": valid_from, "actor": actor}


def _one[Row](found: Version[Row] | None) -> Version[Row]:
    if found is None:
        raise RuntimeError("there is no version of the rates")
    return found
