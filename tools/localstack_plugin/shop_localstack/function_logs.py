"""Where a function's log goes, and when its lines were written.

"Configuring CloudWatch log groups" of the Lambda Developer Guide says how log streams are named; with a group
of one's own the function's name is in the stream's, since functions may share the group.
"""

import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.logs import QUEUE_SHUTDOWN, LogHandler, LogItem

from shop_localstack import log_store

LOG = logging.getLogger(__name__)
_TIME = re.compile(
    r'"(?:time|timestamp)": ?"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))"'
)
"""Of Lambda's documents, and of the lines of its own loggers and of Powertools."""


def apply() -> None:
    """Apply the changes."""
    ExecutionEnvironment.get_log_group_name = log_group  # type: ignore[method-assign, assignment]
    ExecutionEnvironment.get_log_stream_name = log_stream  # type: ignore[method-assign, assignment]
    LogHandler.run_log_loop = _run_log_loop  # type: ignore[method-assign, assignment]


def log_group(environment: ExecutionEnvironment) -> str:
    """Return the log group of a function: its own, unless another is configured."""
    version = environment.function_version
    return _configured_group(version) or _own_group(version)


def log_stream(environment: ExecutionEnvironment) -> str:
    """Return the log stream of an environment, which it keeps for as long as it lives."""
    if "log_stream" not in vars(environment):
        version = environment.function_version
        shared = _configured_group(version) not in (None, _own_group(version))
        environment.log_stream = (  # type: ignore[attr-defined]
            f"{datetime.now(UTC):%Y/%m/%d}/{version.id.function_name if shared else ''}"
            f"[{version.id.qualifier}]{environment.id}"
        )
    return str(vars(environment)["log_stream"])


def events(logs: str, now_ms: int) -> Iterator[tuple[int, str]]:
    """Give the lines of an invocation with the times at which they were written, in ms.

    A line without a timestamp has that of the line before it; the first lines have the next timestamp found,
    and the current time if there is none.
    """
    lines = [line for line in logs.split("\n") if line]
    stated = [_written_at(line) for line in lines]
    at = next((each for each in stated if each is not None), now_ms)
    for line, own in zip(lines, stated, strict=True):
        at = max(at, own or at)  # CloudWatch Logs takes events in chronological order only
        yield at, f"{line}\n"


def _written_at(line: str) -> int | None:
    if not line.startswith("{"):
        return None
    if found := _TIME.search(line):
        return int(datetime.fromisoformat(found[1]).timestamp() * 1000)
    return None


def _configured_group(version: FunctionVersion) -> str | None:
    return version.config.logging_config.get("LogGroup")


def _own_group(version: FunctionVersion) -> str:
    return f"/aws/lambda/{version.id.function_name}"


def _run_log_loop(handler: LogHandler, *_: Any, **__: Any) -> None:
    account = handler.role_arn.split(":")[4]
    while (item := handler.log_queue.get()) is not QUEUE_SHUTDOWN:
        assert isinstance(item, LogItem)
        try:
            found = list(events(item.logs, int(time.time() * 1000)))
            log_store.append(account, handler.region, item.log_group, item.log_stream, found)
        except Exception:
            LOG.exception("logs of %s are lost", item.log_group)
