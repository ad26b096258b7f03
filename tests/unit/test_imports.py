"""What a function imports before its first request. INIT is billed, so it is counted, not timed."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT, LAMBDA_PYTHON

#: Libraries that cost tens of milliseconds; the adapter that needs one imports it at first use.
_HEAVY = (
    "asyncio", "boto3", "botocore.session", "dataclasses", "inspect", "opensearchpy", "pika", "psycopg2",
    "pydantic", "requests", "ssl", "stripe", "typing_extensions", "urllib3",
)  # fmt: skip
#: Modules beyond those of an empty awslambdaric handler: Chalice, msgspec and our own.
#: Measured at 35 to 84 in 2026-11; a new import has to earn its place.
_MODULES = 85

_COUNT = """
import importlib.util, json, os, sys
import awslambdaric.bootstrap
empty = set(sys.modules)
counts = {}
for title, path in json.loads(sys.argv[1]).items():
    read, write = os.pipe()
    if os.fork() == 0:  # every function starts from the empty handler's modules
        spec = importlib.util.spec_from_file_location("handler", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        os.write(write, json.dumps(sorted(set(sys.modules) - empty)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        counts[title] = json.load(pipe)
    os.wait()
print(json.dumps(counts))
"""


@cache
def _imports(layers: tuple[Path, ...]) -> dict[str, list[str]]:
    handlers = {f.title: str(f.folder / "handler.py") for f in declared() if f.layers == layers}
    # As on Lambda: the image's interpreter, the functions' layers.
    done = subprocess.run(
        [LAMBDA_PYTHON, "-W", "ignore", "-c", _COUNT, json.dumps(handlers)],
        env={"PYTHONPATH": ":".join(f"{layer}/python" for layer in layers)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_no_function_imports_what_it_may_not_need(function: Function) -> None:
    """A18: eager imports made others' cold starts 0.8 s (powertools-lambda-python #8406 #4372)."""
    modules = _imports(function.layers)[function.title]
    assert [name for name in _HEAVY if name in modules] == []
    assert len(modules) <= _MODULES, sorted(modules)
