"""API Gateway's access log: every request that arrives at the stage, with what the format asks for."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.integration.localstack.conftest import Deployed
from tests.integration.localstack.logs import ACCESS, events


def _logged(stack: Deployed, answer: httpx.Response) -> dict[str, Any]:
    request_id = answer.headers["x-amzn-requestid"]
    (event,) = events(stack, ACCESS, filterPattern=f'"{request_id}"')
    assert abs(event["timestamp"] / 1000 - time.time()) < 30
    entry: dict[str, Any] = json.loads(event["message"])
    assert entry["status"] == str(answer.status_code)
    assert entry["method"] == answer.request.method
    sent, _, _ = answer.request.url.raw_path.decode().partition("?")
    assert entry["path"] == f"/v1{sent.partition('/v1')[2]}"
    assert entry["bytes"] == str(len(answer.content))
    assert abs(int(entry["time"]) / 1000 - time.time()) < 30
    assert 0 <= int(entry["latencyMs"]) < 30_000
    assert entry["stage"] == "v1"
    return entry


def test_an_answered_request_names_the_invocation(stack: Deployed) -> None:
    answer = stack.http.get("/things/1", params={"q": "not logged"})
    entry = _logged(stack, answer)
    assert entry["integrationRequestId"] == answer.headers["x-request-id"]
    assert entry["resourcePath"] == "/things/{id}"
    assert entry["error"] == "-"


def test_a_request_without_a_route_has_no_invocation(stack: Deployed) -> None:
    entry = _logged(stack, stack.http.get("/nowhere"))
    assert (entry["status"], entry["integrationRequestId"]) == ("404", "-")
    assert entry["error"] == "MISSING_AUTHENTICATION_TOKEN"


def test_a_preflight_is_logged(stack: Deployed) -> None:
    entry = _logged(stack, stack.http.options("/things/1"))
    assert (entry["status"], entry["integrationRequestId"]) == ("200", "-")
    assert entry["resourcePath"] == "/things/{id}"


def test_a_body_that_is_too_large_is_logged(stack: Deployed) -> None:
    answer = stack.http.post("/things/1", content=b"x" * (10 * 1024 * 1024 + 1))
    entry = _logged(stack, answer)
    assert (entry["status"], entry["error"]) == ("413", "REQUEST_TOO_LARGE")
    assert entry["integrationRequestId"] == "-"


@pytest.mark.parametrize("query", [{"exit": "1"}, {"raise": "broken"}, {"sleep": "30"}])
def test_a_function_that_fails_is_logged_with_its_invocation(
    stack: Deployed, query: dict[str, str]
) -> None:
    entry = _logged(stack, stack.http.get("/things/1", params=query))
    assert entry["status"] == "502"
    assert len(entry["integrationRequestId"]) == 36


def test_an_integration_that_times_out_is_logged_with_its_invocation(stack: Deployed) -> None:
    stack.http.get("/slow")
    answer = stack.http.get("/slow", params={"sleep": "0.5"})
    entry = _logged(stack, answer)
    assert (entry["status"], entry["error"]) == ("504", "INTEGRATION_TIMEOUT")
    assert len(entry["integrationRequestId"]) == 36


@pytest.mark.parametrize("status", [403, 429])
def test_what_a_function_refuses_is_logged(stack: Deployed, status: int) -> None:
    entry = _logged(stack, stack.http.get("/things/1", params={"status": str(status)}))
    assert entry["status"] == str(status)


def test_a_quotation_mark_does_not_break_a_line(stack: Deployed) -> None:
    answer = stack.http.get("/things/%22%5C", params={"tag": '"'})
    assert _logged(stack, answer)["path"] == "/v1/things/%22%5C"
