"""What Lambda itself writes to a function's log: text lines, or JSON documents.

Sources, all in AWS's Lambda Developer Guide:

- "Lambda Telemetry API Event schema reference": `platform.start`, `platform.report`, ``ReportMetrics``,
  ``Status``;
- "Configuring JSON and plain text log formats", "Log-level filtering": what is written with which
  ``LoggingConfig``;
- "Understanding the Lambda execution environment lifecycle": statuses and error types of what failed.
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

type Status = Literal["success", "error", "failure", "timeout"]

EXIT_ERROR = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
_KNOWN_ERROR = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")
_UNKNOWN_ERROR = "Runtime.Unknown"


@dataclass(frozen=True)
class Report:
    """What Lambda reports about an invocation.

    Attributes
    ----------
    duration_ms
        Of the invocation without the init.
    init_ms
        Of the init before it; none for a warm start.
    ended
        Seconds since the epoch.
    status
        ``error``: the function raised, or its process ended.
    error_type
        Of a status other than ``success``; a time-out has none.
    """

    request_id: str
    duration_ms: float
    init_ms: float | None
    memory_size_mb: int
    memory_used_mb: int
    ended: float = 0.0
    status: Status = "success"
    error_type: str | None = None

    @property
    def billed_ms(self) -> int:
        """What AWS bills: the init too, rounded up to the millisecond."""
        return math.ceil(round(self.duration_ms + (self.init_ms or 0.0), 2))

    def line(self) -> str:
        r"""Return the REPORT line.

        It names the status of a time-out and of a runtime that failed, not that of an exception.

        Examples
        --------
        >>> Report("r", 1.25, 100.1, 128, 40).line().split("\t")[1:3]
        ['Duration: 1.25 ms', 'Billed Duration: 102 ms']
        """
        named = self.status != "success" and self.error_type != _UNKNOWN_ERROR
        return (
            f"REPORT RequestId: {self.request_id}\tDuration: {self.duration_ms:.2f} ms\t"
            f"Billed Duration: {self.billed_ms} ms\tMemory Size: {self.memory_size_mb} MB\t"
            f"Max Memory Used: {self.memory_used_mb} MB\t"
            + (f"Init Duration: {self.init_ms:.2f} ms\t" if self.init_ms is not None else "")
            + (f"Status: {self.status}\t" if named else "")
            + (f"Error Type: {self.error_type}\t" if named and self.error_type else "")
            + "\n"
        )

    def document(self) -> str:
        """Return the `platform.report` document, one line of JSON.

        Examples
        --------
        >>> json.loads(Report("r", 1.25, 100.1, 128, 40).document())["record"]["metrics"]["billedDurationMs"]
        102
        """
        metrics = {
            "durationMs": round(self.duration_ms, 3),
            "billedDurationMs": self.billed_ms,
            "memorySizeMB": self.memory_size_mb,
            "maxMemoryUsedMB": self.memory_used_mb,
        }
        if self.init_ms is not None:
            metrics["initDurationMs"] = round(self.init_ms, 3)
        record = {"requestId": self.request_id, "metrics": metrics, "status": self.status}
        if self.error_type:
            record["errorType"] = self.error_type
        return _document(self.ended, "platform.report", record)


def text(report: Report, version: str, output: str) -> str:
    """Return the log of an invocation of a function with ``LogFormat: Text``."""
    return (
        f"START RequestId: {report.request_id} Version: {version}\n"
        f"{_whole_lines(output)}"
        f"END RequestId: {report.request_id}\n"
        f"{report.line()}"
    )


def documents(report: Report, version: str, output: str, *, began: float, level: str) -> str:
    """Return the log of an invocation of a function with ``LogFormat: JSON``.

    Parameters
    ----------
    output
        What the function wrote, which Lambda passes on as it is.
    began
        Seconds since the epoch.
    level
        The function's ``SystemLogLevel``: with ``WARN``, only invocations that fail are reported.
    """
    output = _whole_lines(output)
    if level == "WARN":
        return f"{output}{report.document()}\n" if report.status != "success" else output
    start = _document(began, "platform.start", {"requestId": report.request_id, "version": version})
    return f"{start}\n{output}{report.document()}\n"


def error_type(answer: bytes) -> str:
    """Return what AWS reports as the type of an error that a function answered with.

    It keeps types that are Lambda's own; an exception of the function has none of these.

    Examples
    --------
    >>> error_type(b'{"errorType": "Runtime.ImportModuleError"}'), error_type(b'{"errorType": "KeyError"}')
    ('Runtime.ImportModuleError', 'Runtime.Unknown')
    """
    try:
        named = str(json.loads(answer)["errorType"])
    except (ValueError, KeyError, TypeError):  # the function may answer with anything
        return _UNKNOWN_ERROR
    return named if _KNOWN_ERROR.fullmatch(named) else _UNKNOWN_ERROR


def timestamp(seconds: float) -> str:
    """Return a time as the documents have it: UTC, milliseconds.

    Examples
    --------
    >>> timestamp(1.5)
    '1970-01-01T00:00:01.500Z'
    """
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _document(at: float, kind: str, record: dict[str, Any]) -> str:
    document = {"time": timestamp(at), "type": kind, "record": record}
    return json.dumps(document, separators=(",", ":"))


def _whole_lines(output: str) -> str:
    return output if not output or output.endswith("\n") else f"{output}\n"
