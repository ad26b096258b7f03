"""Refresh ``infra/pricing/<region>.json`` from the AWS Price List API.

Usage: ``python -m shop.entrypoints.commands.prices infra/pricing REGION`` with credentials that allow
``pricing:GetProducts``. The file of a new region has the keys of another one's, and every price that AWS does
not confirm for it is an error.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from shop.adapters.aws.price_list import AwsPriceList
from shop.domain.costs import PriceList
from shop.domain.errors import DependencyUnavailable
from shop.services.finance.price_files import PriceFileError, parse, write
from shop.services.finance.price_source import PriceSource
from shop.services.finance.refresh import refresh

#: The list whose keys a new region begins with.
_MODEL: Final = "us-east-1"


class NotRefreshed(Exception):
    """The file stays as it is; the message says why."""


def refresh_file(folder: Path, region: str, source: PriceSource) -> list[str]:
    """Write a region's file anew.

    Returns
    -------
    list of str
        What changed, and what AWS did not confirm.

    Raises
    ------
    NotRefreshed
    """
    path = folder / f"{region}.json"
    known = path.exists()
    try:
        old = parse((path if known else folder / f"{_MODEL}.json").read_bytes())
        new = refresh(old._replace(region=region), source, datetime.now(UTC).date())
    except DependencyUnavailable as error:
        raise NotRefreshed(f"AWS cannot be asked, {path} stays as it is: {error.detail}") from error
    except PriceFileError as error:
        raise NotRefreshed(f"{path}: {error}") from error
    if new.kept and not known:
        raise NotRefreshed(f"{region} lacks prices: {', '.join(sorted(new.kept))}")
    path.write_bytes(write(new.prices))
    return [*_changes(old, new.prices), *(f"kept {key}: {why}" for key, why in new.kept.items())]


def _changes(old: PriceList, new: PriceList) -> list[str]:
    return [
        f"{key}: {old.prices[key].amount:f} -> {price.amount:f} {price.currency} a {price.unit}"
        for key, price in new.prices.items()
        if price.amount != old.prices[key].amount
    ]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="infra/pricing")
    parser.add_argument("region", nargs="+", help="us-east-1")
    arguments = parser.parse_args()
    for region in arguments.region:
        try:
            lines = refresh_file(arguments.folder, region, AwsPriceList())
        except NotRefreshed as error:
            parser.exit(1, f"{error}\n")
        print("\n".join([f"{region}: refreshed", *(f"  {line}" for line in lines)]))


if __name__ == "__main__":
    main()
