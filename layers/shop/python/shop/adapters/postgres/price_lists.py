"""Price lists and the floor in PostgreSQL."""

from collections.abc import Sequence
from typing import Final, override

from shop.adapters.postgres import costs_sql as sql
from shop.adapters.postgres.database import Database, Transaction
from shop.domain.costs import FloorItem, Price, PriceList, PriceMissing
from shop.services.finance.ports import PriceLoader, PricesEdited

_ANY: Final = "(any)"


class PostgresPriceLists(PriceLoader):
    """Where price lists are loaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def load(self, prices: PriceList, floor: Sequence[FloorItem]) -> bool:
        region, version = prices.region, prices.version
        with self._database.transaction() as transaction:
            transaction.send("SELECT pg_advisory_xact_lock(%s)", (sql.RECORDING_LOCK,))
            known = _read(
                transaction,
                "SELECT version, key, unit, price AS amount, currency, tier, source, dated"
                " FROM price_lists WHERE region = %(region)s AND version = %(version)s",
                {"region": region, "version": version},
            )
            if known and known.prices != prices.prices:
                raise PricesEdited(
                    f"the price list {version} of {region} was edited after it was loaded;"
                    " give it another version"
                )
            if not known:
                for price in prices.prices.values():
                    values = (region, version, *price)
                    transaction.send(sql.LOAD_PRICE, values)
            # What the templates declare changes without the prices.
            transaction.send(
                "DELETE FROM floor_items WHERE region = %s AND version = %s", (region, version)
            )
            for item in floor:
                transaction.send(sql.LOAD_FLOOR, (region, version, *item))
        return known is None


def read_price_list(transaction: Transaction, region: str) -> PriceList:
    """Return the latest price list of a region.

    Raises
    ------
    PriceMissing
        If none has been loaded.
    """
    found = _read(transaction, sql.PRICE_LIST, {"region": region})
    if found is None:
        raise PriceMissing(_ANY, region, "none")
    return found


def read_floor(transaction: Transaction, region: str) -> list[FloorItem]:
    """Return the floor as of the latest price list of a region."""
    return [FloorItem(*row) for row in transaction.rows(sql.FLOOR, {"region": region})]


def _read(transaction: Transaction, statement: str, values: dict[str, str]) -> PriceList | None:
    rows = transaction.rows(statement, values)
    if not rows:
        return None
    prices = {row.key: Price(*row[1:]) for row in rows}
    return PriceList(values["region"], rows[0].version, prices)
