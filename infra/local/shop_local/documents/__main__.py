"""Write docs/openapi.json, docs/asyncapi.json and the README's tables; ``--check`` only compares."""

import argparse
import json
import sys
from typing import Any, Final

from shop_local.documents import asyncapi, openapi, readme
from shop_local.paths import CHECKOUT

#: The function that serves the document carries it; docs/openapi.json links there.
OPENAPI: Final = CHECKOUT / "functions/platform/get_openapi/openapi.json"
ASYNCAPI: Final = CHECKOUT / "docs/asyncapi.json"
README: Final = CHECKOUT / "README.md"


def contents() -> dict[str, str]:
    """Give what each generated file, by its path in the checkout, should hold."""
    return {
        str(OPENAPI.relative_to(CHECKOUT)): _json(openapi.document()),
        str(ASYNCAPI.relative_to(CHECKOUT)): _json(asyncapi.document()),
        str(README.relative_to(CHECKOUT)): readme.render(README.read_text()),
    }


def main() -> int:
    """Run from the command line."""
    # Handlers are imported to read what they declare; none of them touches its environment then.
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file is out of date")
    check = parser.parse_args().check
    stale = []
    for name, text in contents().items():
        path = CHECKOUT / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not check:
                path.write_text(text)
    for name in stale:
        print(f"{'out of date' if check else 'written'}: {name}")
    return 1 if check and stale else 0


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
