"""What a function makes at INIT: on Lambda the parts that it imports, elsewhere none."""

import json
import subprocess

from shop_local.functions import declared
from shop_local.paths import CHECKOUT, LAMBDA_PYTHON

_MADE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
from shop import bootstrap
print(json.dumps([part.make.__name__ for part in bootstrap.environment()._made]))
"""


def _made_at_init(title: str, **environment: str) -> set[str]:
    function = next(function for function in declared() if function.title == title)
    done = subprocess.run(
        [LAMBDA_PYTHON, "-W", "ignore", "-c", _MADE, str(function.folder / "handler.py")],
        env={
            "PYTHONPATH": ":".join(f"{layer}/python" for layer in function.layers),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            # Nobody listens there: connections are the first request's.
            "SHOP_DATABASE_URL": "postgresql://shop@127.0.0.1:1/shop",
            "SHOP_REDIS_URL": "redis://127.0.0.1:1",
            "SHOP_RABBITMQ_URL": "amqp://127.0.0.1:1",
            "SHOP_STRIPE_KEY": "sk_test_1",
            **environment,
        },
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def test_what_is_imported_is_made_at_init_on_lambda() -> None:
    made = _made_at_init("orders/checkout", AWS_LAMBDA_FUNCTION_NAME="shop-checkout")
    assert {"database", "redis", "sessions", "carts", "checkout_machine"} <= made
    made = _made_at_init("payments/process_payment", AWS_LAMBDA_FUNCTION_NAME="shop-pay")
    assert {"publisher", "payment_provider"} <= made


def test_elsewhere_nothing_is_made_before_it_is_used() -> None:
    assert _made_at_init("orders/checkout") == set()
