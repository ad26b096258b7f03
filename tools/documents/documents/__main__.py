"""Write the generated documents and the generated parts of pages."""

import argparse
import sys

from documents.files import contents, release, stale
from shop_local.functions import declared
from shop_local.paths import CHECKOUT


def main() -> int:
    """Run from the command line."""
    # Handlers are imported to read what they declare; none of them touches its environment then.
    parser = argparse.ArgumentParser(prog="documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file is out of date")
    parser.add_argument(
        "--release", action="store_true", help="let this OpenAPI document be the last release's"
    )
    chosen = parser.parse_args()
    check = chosen.check
    fresh = contents(CHECKOUT, declared())
    found = stale(CHECKOUT, fresh)
    for path in found:
        if not check:
            (CHECKOUT / path).parent.mkdir(parents=True, exist_ok=True)
            (CHECKOUT / path).write_text(fresh[path])
        print(f"{'out of date' if check else 'written'}: {path}")
    if chosen.release:
        release(CHECKOUT)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
