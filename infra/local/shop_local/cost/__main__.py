"""Print what the laptop's requests would have cost on AWS, from the ledger."""

import argparse
import os
import sys

import msgspec
import psycopg

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.domain.costs import PriceMissing
from shop.domain.errors import DependencyUnavailable
from shop_local.console import complain
from shop_local.cost import text
from shop_local.cost.collecting import Collection, CollectionFailed
from shop_local.cost.report import NothingCollected, read_report
from shop_local.reading import last_orders


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__)
    parser.add_argument("--orders", type=int, default=10, metavar="N", help="last orders to list")
    parser.add_argument("--json", action="store_true", help="print JSON, with exact amounts")
    arguments = parser.parse_args()
    if arguments.orders < 1:
        parser.error("--orders is at least 1")
    try:
        reader = costs()
        until = Collection(os.environ, reader).bring_up_to_date()
        orders = last_orders(os.environ["SHOP_DATABASE_URL"], arguments.orders)
        prices = reader.price_list(environment().settings.price_region)
        found = read_report(reader, prices, orders, until)
    except (
        CollectionFailed, DependencyUnavailable, NothingCollected, PriceMissing, psycopg.Error,
    ) as error:  # fmt: skip
        complain(f"{error}")
        return 1
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        print(text.report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
