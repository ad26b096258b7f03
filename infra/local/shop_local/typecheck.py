"""Runs mypy --strict over every Python file of the checkout.

In two programs at once, since two environments are needed: the LocalStack plugin is checked with the
interpreter that has LocalStack, all the rest (layer, functions, laptop, tests, benchmarks) with this one.
"""

import subprocess
import sys
from typing import Final

from shop_local.paths import AWS_PYTHON, CHECKOUT

_PLUGIN: Final = "tools/localstack_plugin"
_REST: Final = (
    "layers/shop/python/shop",
    "functions",
    "infra/local/shop_local",
    "infra/aws/shop_aws",
    "tools/documents",
    "tools/stripe_fake",
    "tests",
    "bench",
)


def main() -> int:
    """Return 0 if mypy finds no error."""
    mypy = [sys.executable, "-m", "mypy", "--no-error-summary"]
    # A cache of its own: what one environment has, the other would find to be gone or changed.
    plugin = ["--python-executable", str(AWS_PYTHON), "--cache-dir", ".mypy_cache/localstack"]
    programs = [
        subprocess.Popen([*mypy, *options], cwd=CHECKOUT) for options in (_REST, [*plugin, _PLUGIN])
    ]
    return max([program.wait() for program in programs])


if __name__ == "__main__":
    sys.exit(main())
