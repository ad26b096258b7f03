"""Rebuild the search index without interrupting searches.

Usage: ``python -m shop.entrypoints.commands.reindex`` with SHOP_DATABASE_URL and SHOP_OPENSEARCH_URL set.
"""

import argparse
import os
import signal
import sys

from opensearchpy.exceptions import OpenSearchException

from shop.adapters.opensearch.reindex import ReindexError, reindex
from shop.domain.errors import DependencyUnavailable


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Rebuild the search index with no gap.")
    parser.parse_args()
    database_url = os.environ.get("SHOP_DATABASE_URL")
    opensearch_url = os.environ.get("SHOP_OPENSEARCH_URL")
    if not database_url:
        parser.error("SHOP_DATABASE_URL is not set; expected postgresql://…")
    if not opensearch_url:
        parser.exit(
            0, "No OpenSearch is configured (SHOP_OPENSEARCH_URL): PostgreSQL answers searches.\n"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended; the old index answers."))
    try:
        rebuilt = reindex(database_url, opensearch_url, progress=_show)
    except (DependencyUnavailable, ReindexError, OpenSearchException) as error:
        parser.exit(1, f"Not rebuilt, the old index answers: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "\nStopped; the old index answers.\n")
    print(f"{rebuilt.name}: {rebuilt.documents:,} products in {rebuilt.seconds:.1f} s")


def _show(done: int, total: int) -> None:
    if sys.stdout.isatty():
        print(f"\r{done:,} of {total:,} products", end="\n" if done >= total else "", flush=True)
    elif done == total or done % 20_000 == 0:
        print(f"{done:,} of {total:,} products", flush=True)


if __name__ == "__main__":
    main()
