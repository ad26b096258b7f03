"""Load the price lists of ``infra/pricing`` and the floor that the templates declare into the database.

Part of ``migrate``.
"""

from collections.abc import Mapping
from pathlib import Path

from shop.adapters.postgres.price_files import PricesNotLoaded, load
from shop.entrypoints.commands.templates import read_template

__all__ = ["PricesNotLoaded", "load_prices"]


def load_prices(
    database_url: str,
    infrastructure: Path,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> list[str]:
    """Load what is missing.

    Parameters
    ----------
    database_url : str
        ``postgresql://…``, migrated.
    infrastructure : Path
        The folder ``infra``: its templates, and its price lists in ``pricing``.
    parameters : mapping, optional
        Values of the templates' parameters, by template.

    Returns
    -------
    list of str
        The lists loaded now, for example ``us-east-1 2026-06-30``.

    Raises
    ------
    PricesNotLoaded
    """
    templates = {path.name: read_template(path) for path in sorted(infrastructure.glob("*.yaml"))}
    return load(database_url, infrastructure / "pricing", templates, parameters or {})
