"""Apply the pending SQL migrations of ``infra/migrations``, and load the prices of ``infra/pricing``.

Usage: ``python -m shop.entrypoints.commands.migrate infra`` with SHOP_DATABASE_URL set.
"""

import argparse
import os
from pathlib import Path

from shop.adapters.postgres.migrations import MigrationError, migrate
from shop.entrypoints.commands.load_prices import PricesNotLoaded, load_prices


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("infrastructure", type=Path, help="the folder infra")
    arguments = parser.parse_args()
    url = os.environ.get("SHOP_DATABASE_URL")
    if not url:
        parser.error("SHOP_DATABASE_URL is not set; expected postgresql://…")
    try:
        applied = migrate(url, arguments.infrastructure / "migrations")
        loaded = load_prices(url, arguments.infrastructure)
    except (MigrationError, PricesNotLoaded) as error:
        parser.exit(1, f"{error}\n")
    done = [f"applied {name}" for name in applied] + [f"loaded prices of {name}" for name in loaded]
    print("\n".join(done) or "nothing to apply")


if __name__ == "__main__":
    main()
