"""What the template says about logs, and how the laptop shows them."""

import json
import re
from typing import Any

import pytest

from shop_local import template
from shop_local.logs import readable, system_document
from shop_local.paths import TEMPLATE
from shop_localstack.system_log import Report, documents, text

REPORT = Report("r-1", 12.3456, 100.01, 1024, 90, ended=1.5)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return template.read(TEMPLATE)


def test_all_functions_share_one_group_whose_lines_are_json(document: dict[str, Any]) -> None:
    config = document["Globals"]["Function"]["LoggingConfig"]
    assert (config["LogFormat"], config["LogGroup"]) == ("JSON", {"Ref": "FunctionLogs"})
    assert "SystemLogLevel" not in config  # INFO, which platform.report needs
    others = [
        name
        for name, resource in document["Resources"].items()
        if "LoggingConfig" in resource.get("Properties", {})
    ]
    assert others == []


@pytest.mark.parametrize("group", ["FunctionLogs", "AccessLogs"])
def test_every_group_has_a_retention(document: dict[str, Any], group: str) -> None:
    properties = document["Resources"][group]["Properties"]
    assert properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert document["Parameters"]["LogRetentionDays"]["Default"] == 30


def test_every_level_maps_to_one_of_lambdas(document: dict[str, Any]) -> None:
    levels = document["Mappings"]["LambdaLogLevels"]
    assert list(levels) == document["Parameters"]["LogLevel"]["AllowedValues"]
    allowed = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
    assert {each["Name"] for each in levels.values()} <= allowed


def test_the_access_log_is_json_on_one_line_without_personal_data(
    document: dict[str, Any],
) -> None:
    written = document["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]
    assert "\n" not in written
    fields = json.loads(written)
    assert fields.pop("type") == "api.access"
    assert list(fields) == [
        "requestId", "integrationRequestId", "time", "method", "resourcePath", "status", "latencyMs",
        "bytes",
    ]  # fmt: skip
    assert all(re.fullmatch(r"\$context(\.\w+)+", variable) for variable in fields.values())
    assert "identity" not in written


def _documents(report: Report, output: str = "", level: str = "INFO") -> list[str]:
    return documents(report, "7", output, began=1.0, level=level).splitlines()


def test_documents_enclose_what_the_function_wrote() -> None:
    start, own, report = _documents(REPORT, "no end of line")
    assert own == "no end of line"
    assert json.loads(start) == {
        "time": "1970-01-01T00:00:01.000Z",
        "type": "platform.start",
        "record": {"requestId": "r-1", "version": "7"},
    }
    assert json.loads(report)["record"] == {
        "requestId": "r-1",
        "metrics": {
            "durationMs": 12.346, "billedDurationMs": 113, "memorySizeMB": 1024,
            "maxMemoryUsedMB": 90, "initDurationMs": 100.01,
        },
        "status": "success",
    }  # fmt: skip


def test_a_high_system_level_still_shows_failures() -> None:
    failed = Report("r-1", 1, None, 128, 40, status="error", error_type="Runtime.ExitError")
    assert _documents(REPORT, "own", level="WARN") == ["own"]
    assert len(_documents(failed, "own", level="WARN")) == 2


@pytest.mark.parametrize(
    ("status", "error_type", "end"),
    [
        ("success", None, "Max Memory Used: 40 MB"),
        ("timeout", None, "Status: timeout"),
        ("error", "Runtime.ExitError", "Status: error\tError Type: Runtime.ExitError"),
        ("error", "Runtime.Unknown", "Max Memory Used: 40 MB"),
    ],
)
def test_a_text_log_is_unchanged(status: Any, error_type: str | None, end: str) -> None:
    report = Report("r-1", 1, None, 128, 40, status=status, error_type=error_type)
    first, second, last = text(report, "7", "").splitlines()
    assert first == "START RequestId: r-1 Version: 7"
    assert second == "END RequestId: r-1"
    assert last.rstrip().endswith(end)


def test_a_report_is_shown_in_words() -> None:
    failed = Report(
        "r-2", 1.5, None, 128, 40, status="error", error_type="Runtime.OutOfMemory"
    ).document()
    assert readable(REPORT.document()) == (
        "REPORT RequestId: r-1  Duration: 12.346 ms  Billed Duration: 113 ms  Memory Size: 1024 MB  "
        "Max Memory Used: 90 MB  Init Duration: 100.01 ms"
    )
    assert readable(failed).endswith("Max Memory Used: 40 MB  Status: error Runtime.OutOfMemory")


@pytest.mark.parametrize(
    "line", ["plain", '{"message": "invocation"}', '{"time":', '{"time":"now","type":"mine"}']
)
def test_other_lines_are_shown_as_they_are(line: str) -> None:
    assert readable(line) == line
    assert system_document(line) is None
