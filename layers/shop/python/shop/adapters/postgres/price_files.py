"""Load price lists from files, and the floor that templates declare, into PostgreSQL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.price_lists import PostgresPriceLists
from shop.domain.costs import PriceMissing
from shop.services.finance.floor import FloorError, floor
from shop.services.finance.ports import PricesEdited
from shop.services.finance.price_files import PriceFileError, parse


class PricesNotLoaded(Exception):
    """The prices or the templates cannot be used; the message names the file and what is wrong."""


def load(
    database_url: str,
    folder: Path,
    templates: Mapping[str, Mapping[str, Any]],
    parameters: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """Load what is missing; a list that was loaded is never changed, a change needs another version.

    Parameters
    ----------
    database_url : str
        ``postgresql://…``, migrated.
    folder : Path
        Price lists, ``<region>.json``.
    templates : mapping
        Parsed templates by name.
    parameters : mapping
        Values of their parameters, by template; the others have their defaults.

    Returns
    -------
    list of str
        The lists loaded now, for example ``us-east-1 2026-06-30``.

    Raises
    ------
    PricesNotLoaded
    """
    database = Database(database_url)
    loaded: list[str] = []
    try:
        for path in sorted(folder.glob("*.json")):
            try:
                prices = parse(path.read_bytes())
                items = floor(templates, prices, parameters)
                new = PostgresPriceLists(database).load(prices, items)
            except (FloorError, PriceFileError, PriceMissing, PricesEdited) as error:
                raise PricesNotLoaded(f"{path}: {error}") from error
            if new:
                loaded.append(f"{prices.region} {prices.version}")
    finally:
        database.close()
    return loaded
