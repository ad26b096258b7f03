"""The figures that costs are compared with."""

from shop.adapters.postgres.figures import PostgresFigures
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.finance.figures import Figures


@part
def figures(_settings: Settings) -> Figures:
    """Orders, payments and price versions."""
    return PostgresFigures(database())
