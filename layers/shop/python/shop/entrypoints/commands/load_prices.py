"""Load the price lists of ``infra/pricing`` and the floor that the templates declare into the database.

Part of ``migrate``; a list that was loaded is never changed, a change needs another version.
"""

from pathlib import Path

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.price_lists import PostgresPriceLists
from shop.domain.costs import PriceMissing
from shop.entrypoints.commands.templates import read_template
from shop.services.finance.floor import FloorError, floor
from shop.services.finance.ports import PricesEdited
from shop.services.finance.price_files import PriceFileError, parse


class PricesNotLoaded(Exception):
    """The prices or the templates cannot be used; the message names the file and what is wrong."""


def load_prices(database_url: str, infrastructure: Path) -> list[str]:
    """Load what is missing.

    Parameters
    ----------
    database_url : str
        ``postgresql://…``, migrated.
    infrastructure : Path
        The folder ``infra``: its templates, and its price lists in ``pricing``.

    Returns
    -------
    list of str
        The lists loaded now, for example ``us-east-1 2026-06-30``.

    Raises
    ------
    PricesNotLoaded
    """
    templates = {path.name: read_template(path) for path in sorted(infrastructure.glob("*.yaml"))}
    database = Database(database_url)
    loaded: list[str] = []
    try:
        for path in sorted((infrastructure / "pricing").glob("*.json")):
            try:
                prices = parse(path.read_bytes())
                new = PostgresPriceLists(database).load(prices, floor(templates, prices))
            except (FloorError, PriceFileError, PriceMissing, PricesEdited) as error:
                raise PricesNotLoaded(f"{path}: {error}") from error
            if new:
                loaded.append(f"{prices.region} {prices.version}")
    finally:
        database.close()
    return loaded
