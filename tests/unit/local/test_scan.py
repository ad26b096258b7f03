"""`make scan`: what is sent to Wapiti, and which of its findings count."""

from typing import Any

import pytest

from shop_local.scan.findings import ACCEPTED, Finding, found, reason, server_errors
from shop_local.scan.targets import targets
from tests.support import contract

_API = "http://127.0.0.1:1/stage"


def _operations(*, session: bool) -> dict[str, Any]:
    made = targets(contract.document(), _API, {}, session=session)
    assert made["servers"] == [{"url": _API}]
    return {each["operationId"]: each for path in made["paths"].values() for each in path.values()}


def test_a_customer_does_not_end_the_session_that_the_scan_uses() -> None:
    left_out = _operations(session=False).keys() - _operations(session=True).keys()
    assert left_out == {
        "identity_delete_account",
        "identity_delete_session",
        "identity_delete_sessions",
    }


def test_bodies_and_parameters_are_those_of_the_examples() -> None:
    document = contract.document()
    body = document["paths"]["/api/sessions"]["post"]["requestBody"]["content"]["application/json"]
    made = _operations(session=False)["identity_create_session"]["requestBody"]["content"]
    members = made["application/json"]["schema"]["properties"]
    assert {name: each["default"] for name, each in members.items()} == body["example"]


def test_ids_of_the_examples_stand_for_those_of_the_shop() -> None:
    document = contract.document()
    (parameter, *_) = document["paths"]["/api/catalog/products/{product_id}"]["get"]["parameters"]
    made = targets(document, _API, {parameter["example"]: "here"}, session=False)
    (sent, *_) = made["paths"]["/api/catalog/products/{product_id}"]["get"]["parameters"]
    assert sent["schema"] == {"type": "string", "default": "here"}


def _report(category: str, method: str) -> dict[str, Any]:
    item = {"method": method, "path": "/api/orders", "parameter": "q", "info": "it answered"}
    return {"vulnerabilities": {category: [item]}, "anomalies": {}, "additionals": {"x": [item]}}


def test_a_finding_is_new_unless_its_kind_and_method_were_reviewed() -> None:
    (injection,) = found(_report("SQL Injection", "GET"))
    assert injection == Finding("SQL Injection", "GET", "/api/orders", "q", "it answered")
    assert reason(injection) is None
    (unknown_method,) = found(_report("Htaccess Bypass", "ABC"))
    assert reason(unknown_method) == ACCEPTED[0].reason
    (read,) = found(_report("Htaccess Bypass", "GET"))
    assert reason(read) is None


@pytest.mark.parametrize(("status", "count"), [(500, 1), (504, 1), (404, 0)])
def test_server_errors_are_findings(status: int, count: int) -> None:
    log = f"2026-11-27 INFO --- localstack.request.http    : GET /stage/api/docs => {status}\n"
    assert len(list(server_errors(log))) == count
