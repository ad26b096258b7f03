"""Nothing heavy at import: Stripe's SDK is loaded by the first call."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/payments/*/handler.py"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handlers_import_nothing_heavy(function: str) -> None:
    program = (
        "import runpy, sys; runpy.run_path(sys.argv[1]);"
        "print([m for m in ('stripe', 'requests', 'psycopg2', 'boto3', 'pika') if m in sys.modules])"
    )
    path = ROOT / f"functions/payments/{function}/handler.py"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT / "layers/shop/python")},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
