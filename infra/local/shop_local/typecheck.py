"""Runs mypy over everything typed: the layer, the laptop, and each function by itself.

Every function's file is called ``handler``, so they cannot be checked as one program.
"""

import subprocess
import sys

from shop_local.paths import CHECKOUT


def main() -> int:
    """Give 0 when everything is well typed."""
    handlers = sorted((CHECKOUT / "functions").glob("*/*/handler.py"))
    targets = ["layers/shop/python/shop", "infra/local/shop_local", *map(str, handlers)]
    mypy = [sys.executable, "-m", "mypy", "--no-error-summary"]
    return subprocess.run([*mypy, *targets], cwd=CHECKOUT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
