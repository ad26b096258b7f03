"""Print everything recorded about an order: requests, functions, state machine, events, e-mails."""

import argparse
import os
import shutil
import sys
from uuid import UUID

import msgspec
import psycopg

from shop.bootstrap.costs import costs
from shop.domain.errors import DependencyUnavailable
from shop_local.console import complain
from shop_local.cost.collecting import Collection, CollectionFailed
from shop_local.paths import State, default_state_folder
from shop_local.trace import sources, text
from shop_local.trace.story import tell


def main() -> int:
    """Print the tree."""
    parser = argparse.ArgumentParser(prog="make trace ORDER=<id>", description=__doc__)
    parser.add_argument("order", nargs="?", default="", help="the order's id")
    parser.add_argument("--json", action="store_true", help="print JSON, with exact amounts")
    arguments = parser.parse_args()
    try:
        order_id = UUID(arguments.order)
    except ValueError:
        named = repr(arguments.order) if arguments.order else "nothing"
        complain(f"Which order? make trace ORDER=<id>: {named} is not an order's id.")
        return 2
    logs = State(default_state_folder()).logs / "lambda"
    try:
        reader = costs()
        Collection(os.environ, reader).bring_up_to_date()
        told = tell(sources.read(reader, os.environ["SHOP_DATABASE_URL"], logs, order_id))
    except (CollectionFailed, DependencyUnavailable, psycopg.Error, sources.OrderUnknown) as error:
        complain(f"{error}")
        return 1
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        print(text.story(told, shutil.get_terminal_size((100, 24)).columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
