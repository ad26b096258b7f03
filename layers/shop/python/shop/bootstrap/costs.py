"""The ledger, for reading."""

from shop.adapters.postgres.costs import PostgresCosts
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.finance.ports import CostReader


@part
def costs(_settings: Settings) -> CostReader:
    """The ledger, for reading."""
    return PostgresCosts(database())
