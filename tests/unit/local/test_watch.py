"""`make watch`: the tests that a change concerns."""

from shop_local import imports
from shop_local.paths import CHECKOUT
from shop_local.watch import concerned

_SHOP = CHECKOUT / "layers/shop/python/shop"


def _names(*changed: str) -> set[str]:
    found = concerned(CHECKOUT / name for name in changed)
    return {str(path.relative_to(CHECKOUT)) for path in found}


def test_a_test_concerns_itself() -> None:
    assert _names("tests/unit/domain/test_money.py") == {"tests/unit/domain/test_money.py"}


def test_a_module_concerns_the_tests_that_import_it_and_those_of_the_services_that_do() -> None:
    found = _names("layers/shop/python/shop/adapters/addresses.py")
    assert "tests/unit/adapters/test_addresses.py" in found
    assert "tests/functional/orders/test_addresses.py" in found
    assert "tests/unit/domain/test_money.py" not in found


def test_a_handler_concerns_its_services_tests() -> None:
    found = _names("functions/cart/add_item/handler.py")
    assert "tests/functional/cart/test_cart.py" in found
    assert "tests/functional/orders/pay_now/test_pay_now.py" in _names(
        "functions/orders/checkout/handler.py"
    )
    assert not any(name.startswith("tests/functional/finance") for name in found)


def test_fixtures_concern_the_tests_of_their_folder() -> None:
    found = _names("tests/functional/orders/logins/conftest.py")
    assert found == {
        "tests/functional/orders/logins/test_claimed_carts.py",
        "tests/functional/orders/logins/test_login_during_checkout.py",
    }


def test_the_template_and_events_concern_their_tests() -> None:
    assert "tests/unit/test_template.py" in _names("infra/template.yaml")
    assert "tests/unit/test_sample_events.py" in _names("events/cart/add_item.json")


def test_what_no_test_reaches_concerns_none() -> None:
    assert _names("README.md") == set()


def test_imports_inside_of_functions_count_only_when_asked() -> None:
    secrets = _SHOP / "bootstrap/secrets.py"
    lazy = _SHOP / "adapters/aws/secrets.py"
    assert lazy not in imports.reachable([secrets])
    assert lazy in imports.reachable([secrets], lazily=True)
