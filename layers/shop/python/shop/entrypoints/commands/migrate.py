"""Apply the pending SQL migrations of ``infra/migrations``.

Usage: ``python -m shop.entrypoints.commands.migrate DIRECTORY`` with SHOP_DATABASE_URL set.
"""

import argparse
import os
from pathlib import Path

from shop.adapters.postgres.migrations import MigrationError, migrate


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of NNNN_name.sql files")
    arguments = parser.parse_args()
    url = os.environ.get("SHOP_DATABASE_URL")
    if not url:
        parser.error("SHOP_DATABASE_URL is not set; expected postgresql://…")
    try:
        applied = migrate(url, arguments.directory)
    except MigrationError as error:
        parser.exit(1, f"{error}\n")
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


if __name__ == "__main__":
    main()
