"""What a function imports at INIT: the drivers and SDKs that it uses, and no others.

INIT is billed and delays a cold start's first request, so each heavy import is a decision written down here.
"""

import ast
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT, LAMBDA_PYTHON

#: Every function logs and reads typed input.
_ALWAYS: Final = frozenset({"aws_lambda_powertools", "msgspec"})
#: What stands for the use of a server, or of a framework, among a function's modules.
_PACKAGES: Final = {
    "http": {"chalice"},
    "postgres": {"psycopg"},
    "redis": {"redis"},
    "rabbitmq": {"pika"},
    "opensearch": {"opensearchpy", "requests"},
    "stripe": {"stripe", "requests"},
    "aws": {"boto3"},
}
_HEAVY: Final = _ALWAYS.union(*_PACKAGES.values())
#: What each function loads.
LOADS: Final = {
    "cart/add_item": "http postgres redis",
    "cart/change_item": "http postgres redis",
    "cart/empty_cart": "http postgres redis",
    "cart/get_cart": "http postgres redis",
    "cart/quote_cart": "http postgres redis",
    "cart/on_order_cancelled": "postgres redis rabbitmq",
    "cart/remove_item": "http postgres redis",
    "cart/track_carts": "postgres redis rabbitmq",
    "catalog/change_category": "http postgres redis rabbitmq",
    "catalog/change_product": "http postgres redis rabbitmq",
    "catalog/create_category": "http postgres redis rabbitmq",
    "catalog/create_product": "http postgres redis rabbitmq",
    "catalog/deactivate_product": "http postgres redis rabbitmq",
    "catalog/delete_category": "http postgres redis rabbitmq",
    "catalog/find_products": "http postgres redis",
    "catalog/get_product": "http postgres redis",
    "catalog/list_categories": "http postgres redis",
    "catalog/list_products": "http postgres redis",
    "catalog/on_inventory_updated": "postgres redis rabbitmq opensearch",
    "catalog/on_product_updated": "postgres redis rabbitmq opensearch",
    "catalog/search_products": "http postgres redis opensearch",
    "catalog/suggest_products": "http postgres redis opensearch",
    "finance/collect_costs": "postgres aws",
    "finance/export_costs_csv": "http postgres redis",
    "finance/export_costs_jsonl": "http postgres redis",
    "finance/get_costs": "http postgres redis",
    "finance/get_order_cost": "http postgres redis",
    "finance/get_report": "http postgres redis",
    "finance/get_unit_economics": "http postgres redis",
    "identity/change_profile": "http postgres redis rabbitmq",
    "identity/create_customer": "http postgres redis",
    "identity/create_session": "http postgres redis",
    "identity/delete_account": "http postgres redis",
    "identity/delete_session": "http redis",
    "identity/delete_sessions": "http redis",
    "identity/delete_address": "http postgres redis",
    "identity/change_address": "http postgres redis",
    "identity/get_address": "http postgres redis",
    "identity/add_address": "http postgres redis",
    "identity/list_addresses": "http postgres redis",
    "identity/export_account": "http postgres redis",
    "identity/get_profile": "http postgres redis",
    "identity/list_sessions": "http redis",
    "identity/request_password_reset": "http postgres redis rabbitmq",
    "identity/request_verification": "http postgres redis rabbitmq",
    "identity/reset_password": "http postgres redis",
    "identity/revoke_sessions": "http postgres redis rabbitmq",
    "identity/verify_email": "http postgres",
    "inventory/expire_reservations": "postgres rabbitmq",
    "inventory/get_stock": "http postgres",
    "inventory/hold_order_stock": "postgres rabbitmq",
    "inventory/on_order_paid": "postgres rabbitmq",
    "inventory/release_stock": "http postgres redis rabbitmq",
    "inventory/reserve_stock": "http postgres redis rabbitmq",
    "inventory/set_stock": "http postgres redis rabbitmq",
    "notifications/list_undeliverable_mail": "http postgres redis",
    "notifications/on_link_requested": "postgres rabbitmq aws",
    "notifications/on_order_confirmed": "postgres rabbitmq aws",
    "notifications/on_order_shipped": "postgres rabbitmq aws",
    "notifications/on_return_approved": "postgres rabbitmq aws",
    "notifications/on_return_rejected": "postgres rabbitmq aws",
    "orders/add_note": "http postgres redis rabbitmq",
    "orders/advance_orders": "postgres rabbitmq aws",
    "orders/cancel_order": "http postgres redis rabbitmq stripe",
    "orders/checkout": "http postgres redis aws",
    "orders/create_order": "postgres rabbitmq",
    "orders/deliver_order": "http postgres redis rabbitmq",
    "orders/find_orders": "http postgres redis",
    "orders/get_order": "http postgres redis",
    "orders/get_shipping_rates": "http postgres redis",
    "orders/get_tax_rates": "http postgres redis",
    "orders/get_order_file": "http postgres redis",
    "orders/list_orders": "http postgres redis",
    "orders/lookup_order": "http postgres redis rabbitmq",
    "orders/list_refunds": "http postgres redis",
    "orders/on_inventory_confirmed": "postgres rabbitmq",
    "orders/approve_return": "http postgres redis rabbitmq",
    "orders/list_returns": "http postgres redis",
    "orders/receive_return": "http postgres redis rabbitmq stripe",
    "orders/refund_return": "http postgres redis rabbitmq stripe",
    "orders/reject_return": "http postgres redis rabbitmq",
    "orders/request_return": "http postgres redis rabbitmq",
    "orders/refund_order": "http postgres redis rabbitmq stripe",
    "orders/reject_order": "postgres rabbitmq",
    "orders/set_shipping_rates": "http postgres redis",
    "orders/set_tax_rates": "http postgres redis",
    "orders/ship_order": "http postgres redis rabbitmq",
    "payments/charge_order": "postgres rabbitmq stripe",
    "payments/process_payment": "http postgres redis rabbitmq stripe",
    "payments/receive_webhook": "http postgres rabbitmq stripe",
    "payments/reconcile_payments": "postgres rabbitmq stripe",
    "platform/collect_metrics": "postgres rabbitmq",
    "platform/get_business_metrics": "http postgres redis",
    "platform/get_docs": "http",
    "platform/get_health": "http postgres redis rabbitmq",
    "platform/get_openapi": "http",
    "platform/get_problem": "http",
    "platform/list_dead_messages": "http postgres redis",
    "platform/list_audit": "http postgres redis",
    "platform/migrate": "postgres rabbitmq",
    "platform/prune_records": "postgres",
    "platform/relay_outbox": "postgres rabbitmq",
}
#: The repositories that each function's transactions have; a unit of work over orders has the stock's, too.
_REPOSITORIES: Final = {
    "costs": "finance/collect_costs finance/export_costs_csv finance/export_costs_jsonl"
    " finance/get_order_cost",
    "costs figures": "finance/get_costs finance/get_report finance/get_unit_economics",
    "catalog": "cart/add_item cart/change_item cart/empty_cart cart/get_cart cart/remove_item"
    " catalog/change_product catalog/create_product catalog/deactivate_product catalog/get_product"
    " catalog/list_categories catalog/list_products catalog/find_products catalog/create_category"
    " catalog/change_category catalog/delete_category",
    "catalog price_book tax_rates": "cart/quote_cart",
    "rates": "orders/get_shipping_rates orders/get_tax_rates orders/set_shipping_rates"
    " orders/set_tax_rates",
    "customers links": "identity/change_profile identity/get_profile identity/request_password_reset"
    " identity/request_verification identity/reset_password identity/verify_email"
    " notifications/on_link_requested orders/lookup_order",
    "inventory links orders": "orders/get_order",
    "addresses customers inventory orders": "identity/create_session identity/delete_account"
    " identity/export_account",
    "addresses customers": "identity/add_address identity/change_address identity/delete_address"
    " identity/get_address identity/list_addresses",
    "customers": "identity/create_customer identity/revoke_sessions",
    "inventory": "inventory/get_stock inventory/hold_order_stock inventory/on_order_paid"
    " inventory/release_stock inventory/reserve_stock inventory/set_stock",
    "inventory orders": "cart/on_order_cancelled inventory/expire_reservations orders/checkout"
    " orders/deliver_order"
    " orders/list_orders orders/list_returns orders/on_inventory_confirmed orders/reject_order"
    " orders/ship_order",
    "desk inventory orders": "notifications/list_undeliverable_mail orders/add_note"
    " orders/find_orders orders/get_order_file platform/list_audit platform/list_dead_messages",
    "dead_messages": "platform/collect_metrics",
    "inventory orders price_book tax_rates": "orders/create_order",
    "inventory orders payments refunds": "orders/cancel_order orders/list_refunds orders/refund_order"
    " payments/charge_order payments/process_payment payments/receive_webhook"
    " payments/reconcile_payments",
    "inventory notifications orders": "notifications/on_order_confirmed"
    " notifications/on_order_shipped notifications/on_return_approved notifications/on_return_rejected",
    "inventory orders payments refunds returns": "orders/approve_return orders/receive_return"
    " orders/refund_return orders/reject_return",
    "inventory links orders payments refunds returns": "orders/request_return",
    "inventory notifications orders payments refunds": "orders/advance_orders",
}
_COUNT = """
import importlib.util, json, os, sys
import awslambdaric.bootstrap
empty = set(sys.modules)
found = {}
for title, path in json.loads(sys.argv[1]).items():
    read, write = os.pipe()
    if os.fork() == 0:  # every function starts from the empty handler's modules
        spec = importlib.util.spec_from_file_location("handler", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        os.write(write, json.dumps(sorted(set(sys.modules) - empty)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        found[title] = json.load(pipe)
    os.wait()
print(json.dumps(found))
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


@pytest.mark.timeout(900)  # the first imports every function, one after another
@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_a_function_loads_what_the_table_says(function: Function) -> None:
    """A18: eager imports made others' cold starts 0.8 s (powertools-lambda-python #8406 #4372)."""
    loaded = {name.partition(".")[0] for name in _imports(function.layers)[function.title]}
    declared_packages = (_PACKAGES[use] for use in LOADS[function.title].split())
    assert loaded & _HEAVY == _ALWAYS.union(*declared_packages)


@pytest.mark.timeout(900)  # the first imports every function, one after another
@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_a_function_loads_only_the_repositories_of_its_transactions(function: Function) -> None:
    loaded = set(_imports(function.layers)[function.title])
    known = {name for names in _REPOSITORIES for name in names.split()}
    expected = [n for n, functions in _REPOSITORIES.items() if function.title in functions.split()]
    found = {name for name in known if f"shop.adapters.postgres.{name}" in loaded}
    assert found == set(" ".join(expected).split())


def test_the_table_names_no_function_that_is_gone() -> None:
    functions = {function.title for function in declared()}
    assert set(LOADS) == functions
    assert set(" ".join(_REPOSITORIES.values()).split()) <= functions


def _importers(package: str) -> set[str]:
    root = CHECKOUT / "layers/shop/python/shop"
    return {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and node.names[0].name.split(".")[0] == package)
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package)
    }


def test_frameworks_are_imported_in_one_place() -> None:
    assert _importers("chalice") == {"entrypoints/http.py"}
    assert _importers("aws_lambda_powertools") == {
        "adapters/aws/secrets.py",
        "entrypoints/http.py",
        "observability.py",
    }
