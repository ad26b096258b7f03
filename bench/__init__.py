"""Measurements that anybody can repeat: ``make bench``, or ``.venv/bin/python -m bench.<name> --help``."""

import sys
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]

for _folder in (
    "layers/shop/python",
    "infra/local",
    "tools/documents",
    "tools/localstack_plugin",
    "tools/stripe_fake",
):
    if (_path := str(_CHECKOUT / _folder)) not in sys.path:
        sys.path.append(_path)
