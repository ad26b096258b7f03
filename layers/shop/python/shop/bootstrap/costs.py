"""What reads the ledger."""

from shop.adapters.postgres.costs import PostgresCosts
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.finance.ports import CostReader


@part
def costs(_settings: Settings) -> CostReader:
    """The ledger, to read."""
    return PostgresCosts(database())
