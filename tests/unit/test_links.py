"""Links of the OpenAPI document lead from what answers name to what takes it."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support import contract

_BODY: Final = "$response.body#/"


def _operations() -> dict[str, tuple[str, Any]]:
    return {
        operation["operationId"]: (path, operation)
        for path, methods in contract.document()["paths"].items()
        for operation in methods.values()
    }


def _links() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give operation, answer and link."""
    shared = contract.document()["components"]["links"]
    for name, (_, operation) in _operations().items():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                yield name, answer, shared[link["$ref"].rpartition("/")[2]]


def _targets(source: str) -> dict[str, dict[str, str]]:
    return {link["operationId"]: link["parameters"] for name, _, link in _links() if name == source}


def test_every_link_fills_the_path_of_its_target_from_what_there_is() -> None:
    operations = _operations()
    found = list(_links())
    assert len(found) > 100
    for source, answer, link in found:
        path, _ = operations[link["operationId"]]
        names = re.findall(r"{(\w+)}", path)
        assert {*names} == {*link["parameters"]} - {"If-Match"}, (source, link)
        for expression in link["parameters"].values():
            if expression.startswith(_BODY):
                schema = answer["content"]["application/json"]["schema"]
                assert _at(schema, expression.removeprefix(_BODY)), (source, link)
            elif expression == "$response.header.ETag":
                assert "ETag" in answer["headers"], (source, link)
            else:
                name = expression.removeprefix("$request.path.")
                assert f"{{{name}}}" in operations[source][0], (source, link)


def _at(schema: Any, pointer: str) -> Any:
    for step in pointer.split("/"):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = contract.document()["components"]["schemas"][name]
        schema = schema["items"] if step.isdigit() else schema["properties"][step]
    return schema


def test_an_order_leads_to_what_is_done_with_it() -> None:
    targets = _targets("orders_checkout")
    order = {"order_id": "$response.body#/order_id"}
    for name in ("orders_get_order", "orders_cancel_order", "orders_get_order_file"):
        assert targets[name] == order


def test_a_return_leads_to_its_handling_in_the_order_that_was_asked() -> None:
    assert _targets("orders_request_return")["orders_approve_return"] == {
        "order_id": "$request.path.order_id",
        "return_id": "$response.body#/return_id",
    }


@pytest.mark.parametrize(
    ("source", "pointer"),
    [("catalog_search_products", "results/0/id"), ("catalog_create_product", "id")],
)
def test_the_ids_of_the_catalog_are_those_of_products(source: str, pointer: str) -> None:
    expected = {"product_id": f"{_BODY}{pointer}"}
    assert _targets(source)["catalog_get_product"] == expected


def test_ids_of_services_with_several_kinds_of_things_lead_nowhere() -> None:
    pointers = [value for *_, link in _links() for value in link["parameters"].values()]
    assert not [each for each in pointers if each.startswith(f"{_BODY}audit/")]


def test_what_was_read_may_be_changed_with_its_etag() -> None:
    changes = _targets("catalog_get_product")["catalog_change_product"]
    assert changes["If-Match"] == "$response.header.ETag"
    assert "If-Match" not in _targets("catalog_list_products")["catalog_change_product"]


def test_the_token_of_a_session_is_not_that_of_a_link_by_e_mail() -> None:
    assert "identity_verify_email" not in _targets("identity_create_session")
