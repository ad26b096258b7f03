"""`make new-endpoint`, `new-consumer` and `new-schedule`, run in a copy of the checkout."""

import os
import subprocess
from pathlib import Path

import pytest

from shop_local.imports import ROOTS
from shop_local.paths import CHECKOUT, PYTHON
from shop_local.scaffold.__main__ import New, Refused, make

_NEW = (
    "endpoint cart get_offers",
    "consumer orders on_order_shipped",
    "schedule catalog sort_products",
)
_NAMES = "get_offers or on_order_shipped or sort_products"
_CONCERNED = ("test_function_settings.py", "test_handlers.py", "test_sample_events.py")


def _run(checkout: Path, *command: str) -> str:
    roots = ":".join(str(checkout / root.relative_to(CHECKOUT)) for root in ROOTS)
    environment = {**os.environ, "PYTHONPATH": roots}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with its environments, and a new function of each kind."""
    copy = tmp_path_factory.mktemp("copy")
    files = _run(CHECKOUT, "git", "ls-files", "--cached", "--others", "--exclude-standard").split(
        "\n"
    )
    for name in filter(None, files):
        if (CHECKOUT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((CHECKOUT / name).read_bytes())
    for name in (".venv", ".local"):
        (copy / name).symlink_to(CHECKOUT / name)
    for arguments in _NEW:
        written = _run(copy, str(PYTHON), "-m", "shop_local.scaffold", *arguments.split())
        assert "infra/template.yaml" in written
    return copy


def test_new_functions_pass_the_linter(copied: Path) -> None:
    for command in (("check",), ("format", "--check")):
        _run(
            copied,
            ".venv/bin/ruff",
            *command,
            "--no-cache",
            "--quiet",
            "functions",
            "layers",
            "tests",
        )


def test_new_functions_pass_the_tests_of_all_functions(copied: Path) -> None:
    tests = [f"tests/unit/{name}" for name in _CONCERNED]
    found = _run(
        copied, str(PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", _NAMES, *tests
    )
    assert " passed" in found


def test_their_tables_and_rights_name_them(copied: Path) -> None:
    flows = (copied / "layers/shop/python/shop/domain/flows.py").read_text()
    assert '"cart/get_offers": Flow.CART' in flows
    assert flows.count('"catalog/sort_products"') == 2
    assert (
        '("orders", "order.shipped"),'
        in (copied / "layers/shop/python/shop/contracts/events.py").read_text()
    )
    template = (copied / "infra/template.yaml").read_text()
    assert template.count("!Ref OrdersOnOrderShippedFunctionRole") == 2
    imports = (copied / "tests/unit/test_imports.py").read_text()
    assert '"orders/on_order_shipped": "postgres rabbitmq"' in imports


@pytest.mark.parametrize(
    ("kind", "service", "name", "reason"),
    [
        ("endpoint", "cart", "add_item", "there is a function cart/add_item"),
        ("endpoint", "carts", "add_item", "no service carts; there are: cart, catalog"),
        ("endpoint", "cart", "Add-Item", "words of lower-case letters"),
        ("consumer", "orders", "order_paid", "NAME is on_<event>"),
        ("consumer", "inventory", "on_order_paid", "there is a function"),
        ("consumer", "cart", "on_no_event", "NAME is on_<event>"),
    ],
)
def test_what_cannot_be_made_is_refused(kind: str, service: str, name: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        make(New(kind, service, name))
