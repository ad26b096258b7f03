"""Structured logs that carry request, correlation and order ids, and never a secret; and metrics.

Every module logs with ``logging.getLogger(__name__)``; an entry point begins each invocation here, and from
then on each line is one JSON object with that invocation's keys. The names of the fields are those of
Powertools for AWS Lambda, so that its readers' queries work (docs/adr/0001 says why it is not used).
"""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_NAMESPACE: Final = "Shop"
_SERVICE: Final = "shop"
#: What every record has; anything else was passed as ``extra``.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_keys: ContextVar[Mapping[str, Any]] = ContextVar("keys", default=MappingProxyType({}))
_encoder: Final = msgspec.json.Encoder(enc_hook=str)


def begin_invocation(context: Any) -> None:
    """Forget the keys of the invocation before, and have every line name this one.

    Parameters
    ----------
    context : LambdaContext
        As Lambda passes it.
    """
    _keys.set(
        {
            "cold_start": _set_up(),
            "function_name": context.function_name,
            "function_memory_size": context.memory_limit_in_mb,
            "function_arn": context.invoked_function_arn,
            "function_request_id": context.aws_request_id,
        }
    )


def bind(**keys: str) -> None:
    """Put keys, for example ``order_id``, on every further line of this invocation."""
    _keys.set({**_keys.get(), **keys})


def bound() -> Mapping[str, Any]:
    """Give the keys that every line carries now."""
    return _keys.get()


class JsonFormatter(logging.Formatter):
    """Makes one line of JSON of a record, its ``extra`` fields and this invocation's keys."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line; what JSON does not know is written as text."""
        line: dict[str, Any] = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "service": _SERVICE,
            **_keys.get(),
        }
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception_name"] = record.exc_info[0].__name__
            line["exception"] = self.formatException(record.exc_info)
        return _encoder.encode(line).decode()


class _Stdout(logging.StreamHandler[Any]):
    """Writes to what ``sys.stdout`` is at the time: Lambda reads it, and so do tests."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


def _set_up() -> bool:
    """Have this package's records written as JSON; False if that was done before."""
    package = logging.getLogger("shop")
    if any(isinstance(handler, _Stdout) for handler in package.handlers):
        return False
    package.handlers = [_Stdout()]
    level = os.environ.get("SHOP_LOG_LEVEL", "")
    # A level that is none is named by `shop.bootstrap.settings`; until then nothing must be lost.
    package.setLevel(level if level in LEVELS else "INFO")
    package.propagate = False
    # Not on our lines, so not to be found out for each.
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    return True


def metric(name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
    """Write a metric to the log in CloudWatch's embedded metric format (EMF).

    Parameters
    ----------
    name : str
        In CamelCase, for example ``"OutboxOldestAge"``.
    value : float
        In `unit`, one of CloudWatch's (``"Count"``, ``"Seconds"``, ``"Milliseconds"`` …).
    **dimensions : str
        Few values each: every combination is a metric of its own and is billed.
    """
    definition = {
        "Namespace": _NAMESPACE,
        "Dimensions": [sorted(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    metadata = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [definition]}
    print(json.dumps({"_aws": metadata, **dimensions, name: value}))
