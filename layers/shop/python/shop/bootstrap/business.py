"""Business figures."""

from shop.adapters.postgres.business import PostgresBusinessFigures
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.platform.ports import BusinessFigures


@part
def business_figures(_settings: Settings) -> BusinessFigures:
    """Business figures from the database."""
    return PostgresBusinessFigures(database())
