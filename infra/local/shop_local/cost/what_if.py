"""Recompute recorded invocations with another memory size, architecture or region."""

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta

import msgspec

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.domain.costs import PriceMissing
from shop.domain.errors import DependencyUnavailable
from shop.services.finance import what_if
from shop_local.console import complain
from shop_local.cost import text
from shop_local.cost.collecting import Collection, CollectionFailed


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        prog="make cost-what-if", description=__doc__,
        epilog='With make: make cost-what-if MEMORY=512 ARCH=arm64 [FUNCTION=orders/checkout]'
        ' [REGION=us-east-1] [CPU_SHARE=0.6] [A=--json]',
    )  # fmt: skip
    parser.add_argument("--memory", default="", help="128 to 10240 MB")
    parser.add_argument("--arch", default="", help="x86_64 or arm64")
    parser.add_argument("--function", default="", help="<service>/<function>; all by default")
    parser.add_argument("--region", default="", help="one of infra/pricing")
    parser.add_argument("--cpu-share", default="", help="share of a handler's time that computes")
    parser.add_argument("--json", action="store_true", help="print JSON, with exact amounts")
    arguments = parser.parse_args()
    if not (arguments.memory or arguments.arch or arguments.region):
        complain("Name what changes: MEMORY=<MB>, ARCH=x86_64|arm64 or REGION=<region>.")
        return 2
    try:
        changed = what_if.change(
            memory=arguments.memory, architecture=arguments.arch,
            function=arguments.function, cpu_share=arguments.cpu_share,
        )  # fmt: skip
        reader = costs()
        prices = reader.price_list(arguments.region or environment().settings.price_region)
        until = Collection(os.environ, reader).bring_up_to_date()
        since = reader.span().first_item_at or datetime.now(UTC)
        found = what_if.recompute(
            reader.lines(since, until + timedelta(minutes=1)), changed, prices
        )
    except what_if.InvalidChange as error:
        complain(f"{error}")
        return 2
    except (CollectionFailed, DependencyUnavailable, PriceMissing) as error:
        complain(f"{error}")
        return 1
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(found._asdict())).decode())
    else:
        print(text.comparison(found, changed, prices.region, prices.version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
