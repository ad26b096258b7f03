"""Bare handlers: they import the packages that a function loads, and send what its first request sends.

At INIT one imports every third-party module that the function has loaded, in the same order, and makes the
clients of Stripe's SDK and boto3. Its first request connects, sends the statements and commands that the
function's sent, and calls Stripe or Step Functions once where the function does.
"""

import enum
import json
import pickle
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.replay import Step
from shop_local.functions import Function
from shop_local.paths import CHECKOUT, LAMBDA_PYTHON

_PROBE: Final = """
import importlib.util, json, sys
import awslambdaric.bootstrap
known = set(sys.modules)
spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
own = {"shop", "handler", *sys.stdlib_module_names}
print(json.dumps([
    name for name, module in sys.modules.items()
    if name not in known and name.partition(".")[0] not in own
    and name.replace(".", "").isidentifier()
    and module.__spec__ is not None and module.__spec__.name == name and module.__spec__.has_location
]))
"""
_HANDLER: Final = """
import os
import pickle
{imports}

from bench.replay import BareDrivers

with open({steps!r}, "rb") as file:
    STEPS = pickle.load(file)
{client}
DRIVERS = None


def handler(event, context):
    global DRIVERS
    DRIVERS = DRIVERS or BareDrivers(
        {connection},
        {redis},
    )
    DRIVERS.replay(STEPS)
    {call}
    return {{"statusCode": 200}}
"""
_CONNECTION: Final = (
    'psycopg.connect(os.environ["SHOP_DATABASE_URL"], autocommit=True, prepare_threshold=1)'
)
_REDIS: Final = 'redis.Redis.from_url(os.environ["SHOP_REDIS_URL"], protocol=3)'
_STATES: Final = 'CLIENT = boto3.client("stepfunctions")'
_START: Final = (
    'CLIENT.start_sync_execution(stateMachineArn=os.environ["SHOP_CHECKOUT_ARN"], input={order!r})'
)
_STRIPE: Final = """
CLIENT = stripe.StripeClient(
    os.environ["SHOP_STRIPE_KEY"],
    base_addresses={"api": os.environ["SHOP_STRIPE_URL"]},
    http_client=stripe.RequestsClient(),
)
"""
_CHARGE: Final = """CLIENT.v1.payment_intents.create({{
        "amount": 1000, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa",
        "automatic_payment_methods": {{"enabled": True, "allow_redirects": "never"}},
    }})"""
#: By package: the client, and the call of a request.
_SDKS: Final = {"boto3": (_STATES, _START), "stripe": (_STRIPE, _CHARGE)}


def modules(function: Function, environment: Mapping[str, str]) -> list[str]:
    """List the third-party modules that a function loads at INIT, in order."""
    done = subprocess.run(
        [LAMBDA_PYTHON, "-W", "ignore", "-c", _PROBE, str(function.folder / "handler.py")],
        env={**environment, "PYTHONPATH": python_path(function)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def python_path(function: Function) -> str:
    """Return the ``PYTHONPATH`` of a function's layers."""
    return ":".join(f"{layer}/python" for layer in function.layers)


def write_bare_handler(
    folder: Path, function: Function, names: Sequence[str], steps: Sequence[Step], order: str
) -> str:
    """Write ``handler.py`` for a function; return its ``PYTHONPATH``.

    Parameters
    ----------
    names : sequence of str
        See `modules`.
    steps : sequence of Step
        What the function's request sends to PostgreSQL and Redis.
    order : str
        Input for the stub of Step Functions.
    """
    folder.mkdir()
    stored = folder / "steps"
    stored.write_bytes(pickle.dumps([(kind, _plain(what)) for kind, what in steps]))
    client, call = next((_SDKS[sdk] for sdk in _SDKS if sdk in names), ("", "pass"))
    (folder / "handler.py").write_text(
        _HANDLER.format(
            imports="\n".join(f"import {name}" for name in names),
            steps=str(stored),
            client=client,
            connection=_CONNECTION if "psycopg" in names else None,
            redis=_REDIS if "redis" in names else None,
            call=call.format(order=order),
        )
    )
    return f"{python_path(function)}:{CHECKOUT}"


def _plain(value: Any) -> Any:
    """Replace values that only the shop's own modules could decode."""
    if isinstance(value, enum.StrEnum):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(each) for each in value)
    return value
