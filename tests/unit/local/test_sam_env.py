"""`make sam-env`: what `sam local invoke --env-vars` reads."""

import pytest

from shop.bootstrap.settings import load
from shop_local import template
from shop_local.containers import HOST
from shop_local.functions import declared
from shop_local.paths import TEMPLATE
from shop_local.sam_env import variables
from tests.support.function_settings import read_by

_SETTINGS = {
    "SHOP_DATABASE_URL": "postgresql://shop:localhost1@127.0.0.1:5432/shop",
    "SHOP_REDIS_URL": "redis://localhost:6379",
    "SHOP_RABBITMQ_URL": "amqp://u:p@127.0.0.1:5672",
    "SHOP_STRIPE_URL": "http://127.0.0.1:7000",
    "SHOP_STRIPE_KEY": "sk_test_laptop",
    "SHOP_CHECKOUT_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:checkout",
}


def test_each_function_has_its_own_variables_and_no_others() -> None:
    found = variables(template.read(TEMPLATE), _SETTINGS, HOST)
    assert set(found) == {each.logical_id for each in declared()}
    for each in declared():
        assert set(found[each.logical_id]) <= read_by(each.folder / "handler.py")
    assert set(found["PlatformGetDocsFunction"]) == {
        "SHOP_ALLOWED_ORIGIN",
        "SHOP_API_BASE",
        "SHOP_CURRENCY",
        "SHOP_LOG_LEVEL",
    }
    assert found["OrdersCheckoutFunction"]["SHOP_CHECKOUT_ARN"] == _SETTINGS["SHOP_CHECKOUT_ARN"]
    assert found["OrdersCreateOrderFunction"]["SHOP_RESERVATION_TTL_SECONDS"] == "600"


@pytest.mark.parametrize("host", [HOST, "127.0.0.1"])
def test_the_servers_are_on_the_machine_and_functions_accept_them(host: str) -> None:
    found = variables(template.read(TEMPLATE), _SETTINGS, host)["PaymentsProcessPaymentFunction"]
    settings = load(found)
    assert settings.database_url == f"postgresql://shop:localhost1@{host}:5432/shop"
    assert settings.redis_url == f"redis://{host}:6379"
    assert settings.stripe_url == f"http://{host}:7000"
