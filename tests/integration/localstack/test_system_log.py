"""What Lambda itself writes with ``LogFormat: JSON``, and into which group and stream."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.integration.localstack.conftest import Deployed
from tests.integration.localstack.logs import FUNCTIONS, documents, events

# From "Lambda Telemetry API Event schema reference" of the AWS Lambda Developer Guide: PlatformStart,
# PlatformReport, ReportMetrics and Status, of which "?" marks what may be missing.
_STATUS = {"enum": ["success", "failure", "error", "timeout"]}
_METRICS = {
    "type": "object",
    "properties": {
        "billedDurationMs": {"type": "integer"},
        "durationMs": {"type": "number"},
        "initDurationMs": {"type": "number"},
        "maxMemoryUsedMB": {"type": "integer"},
        "memorySizeMB": {"type": "integer"},
    },
    "required": ["billedDurationMs", "durationMs", "maxMemoryUsedMB", "memorySizeMB"],
    "additionalProperties": False,
}
_RECORDS = {
    "platform.start": {
        "type": "object",
        "properties": {"requestId": {"type": "string"}, "version": {"type": "string"}},
        "required": ["requestId"],
        "additionalProperties": False,
    },
    "platform.report": {
        "type": "object",
        "properties": {
            "metrics": _METRICS,
            "requestId": {"type": "string"},
            "status": _STATUS,
            "errorType": {"type": "string"},
        },
        "required": ["metrics", "requestId", "status"],
        # "If the status is either failure or error, then the Status object also contains an errorType field"
        "if": {"properties": {"status": {"enum": ["failure", "error"]}}},
        "then": {"required": ["errorType"]},
        "additionalProperties": False,
    },
}
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def _validate(document: dict[str, Any]) -> None:
    schema = {
        "type": "object",
        "properties": {
            "time": {"type": "string", "pattern": _TIME},
            "type": {"const": document["type"]},
            "record": _RECORDS[document["type"]],
        },
        "required": ["time", "type", "record"],
        "additionalProperties": False,
    }
    Draft202012Validator(schema).validate(document)


def _lines(answer: dict[str, Any]) -> list[str]:
    return base64.b64decode(answer["LogResult"]).decode().splitlines()


def _request_id(answer: dict[str, Any]) -> str:
    return str(answer["ResponseMetadata"]["RequestId"])


def _report(stack: Deployed, answer: dict[str, Any]) -> dict[str, Any]:
    start, report = documents(stack, _request_id(answer))
    for document in (start, report):
        _validate(document)
        assert document["record"]["requestId"] == _request_id(answer)
    assert (start["type"], report["type"]) == ("platform.start", "platform.report")
    assert start["time"] <= report["time"]
    record: dict[str, Any] = report["record"]
    return record


def test_an_invocation_has_two_documents_and_its_own_lines_between_them(stack: Deployed) -> None:
    answer = stack.invoke("t-json", {"print": "plain text", "log": "a line"})
    first, *own, last = _lines(answer)
    assert json.loads(first)["type"] == "platform.start"
    assert json.loads(first)["record"]["version"] == "$LATEST"
    assert json.loads(last)["type"] == "platform.report"
    assert "plain text" in own
    (logged,) = [json.loads(line) for line in own if line.startswith("{")]
    assert (logged["level"], logged["message"]) == ("WARNING", "a line")
    assert not any(line.startswith(("START", "END", "REPORT")) for line in own)
    assert answer["Payload"]["request_id"] == _request_id(answer)


def test_a_cold_start_is_billed_with_its_init(stack: Deployed) -> None:
    stack.invoke("t-json", {"exit": 1})
    cold, warm = (_report(stack, stack.invoke("t-json")) for _ in range(2))
    metrics = cold["metrics"]
    whole = metrics["durationMs"] + metrics["initDurationMs"]
    assert whole - 0.01 <= metrics["billedDurationMs"] < whole + 1
    assert metrics["memorySizeMB"] == 256
    assert 5 < metrics["maxMemoryUsedMB"] < 256
    assert "initDurationMs" not in warm["metrics"]
    assert warm["metrics"]["billedDurationMs"] < warm["metrics"]["durationMs"] + 1
    assert warm["status"] == "success"


def test_a_timeout_is_reported(stack: Deployed) -> None:
    stack.invoke("t-json")
    record = _report(stack, stack.invoke("t-json", {"sleep": 30}))
    assert record["status"] == "timeout"
    assert record["metrics"]["durationMs"] == 2000
    assert record["metrics"]["billedDurationMs"] == 2000
    assert record["metrics"]["maxMemoryUsedMB"] > 5


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"exit": 3}, "Runtime.ExitError"),
        ({"kill": True}, "Runtime.OutOfMemory"),  # the kernel ends it so
        ({"raise": "nothing left"}, "Runtime.Unknown"),
    ],
)
def test_a_failure_is_reported_with_its_type(
    stack: Deployed, event: dict[str, Any], kind: str
) -> None:
    answer = stack.invoke("t-json", event)
    assert answer["FunctionError"] == "Unhandled"
    record = _report(stack, answer)
    assert (record["status"], record["errorType"]) == ("error", kind)
    assert record["metrics"]["billedDurationMs"] >= 1
    assert record["metrics"]["maxMemoryUsedMB"] > 5


def test_code_that_cannot_be_imported_is_billed_for_its_init(stack: Deployed) -> None:
    record = _report(stack, stack.invoke("t-json-broken"))
    assert (record["status"], record["errorType"]) == ("error", "Runtime.ImportModuleError")
    assert record["metrics"]["billedDurationMs"] >= record["metrics"]["initDurationMs"] > 1


def test_the_stream_of_a_shared_group_names_the_function(stack: Deployed) -> None:
    seen = stack.invoke("t-json", {"print": "here"})["Payload"]
    documents(stack, seen["request_id"])
    found = events(stack, FUNCTIONS, filterPattern=f'"{seen["request_id"]}"')
    (stream,) = {event["logStreamName"] for event in found}
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/t-json\[\$LATEST\][0-9a-f]{32}", stream)
    assert seen["environment"]["AWS_LAMBDA_LOG_GROUP_NAME"] == FUNCTIONS
    assert seen["environment"]["AWS_LAMBDA_LOG_STREAM_NAME"] == stream
    assert seen["environment"]["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert seen["environment"]["AWS_LAMBDA_LOG_LEVEL"] == "INFO"


def test_the_stream_of_its_own_group_does_not(stack: Deployed) -> None:
    seen = stack.invoke("t-echo")["Payload"]["environment"]
    stream = seen["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_every_document_is_an_event_with_its_own_time(stack: Deployed) -> None:
    answer = stack.invoke("t-json", {"print": "between", "sleep": 0.3})
    request_id = _request_id(answer)
    start, report = documents(stack, request_id)
    found = events(stack, FUNCTIONS, filterPattern=f'"{request_id}"')
    for document in (start, report):
        (event,) = [e for e in found if e["message"] == f"{_compact(document)}\n"]
        at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        assert at == datetime.fromisoformat(document["time"])
    assert found[-1]["timestamp"] - found[0]["timestamp"] >= 300
    (printed,) = [
        e
        for e in events(stack, FUNCTIONS, logStreamNames=[found[0]["logStreamName"]])
        if e["message"] == "between\n" and e["timestamp"] >= found[0]["timestamp"]
    ]
    assert found[0]["timestamp"] <= printed["timestamp"] <= found[-1]["timestamp"]


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def test_a_function_with_fewer_system_logs_reports_failures_alone(stack: Deployed) -> None:
    assert _lines(stack.invoke("t-quiet", {"print": "hello"})) == ["hello"]
    last = json.loads(_lines(stack.invoke("t-quiet", {"exit": 1}))[-1])
    _validate(last)
    assert last["record"]["status"] == "error"
