"""Structured logs with request, correlation and order ids and without secrets; and metrics.

Every module logs with ``logging.getLogger(__name__)``. The entry point calls `begin_invocation`; each
following line is a JSON object of Powertools' Logger with that invocation's keys.
"""

import copy
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Final, override

import msgspec
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shop.contracts.metrics import METRICS, NAMESPACE, MetricName
from shop.tracebacks import format_traceback

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
#: Also the name of the parent of all modules' loggers.
_SERVICE: Final = "shop"
_encoder: Final = msgspec.json.Encoder(enc_hook=str)
_FLUSH_SECONDS: Final = 60.0
_cold: bool = True
_counts: Counter[tuple[MetricName, tuple[tuple[str, str], ...]]] = Counter()
_flush_at: float = time.monotonic() + _FLUSH_SECONDS
_secret_requests: int = 0


class _Formatter(LambdaPowertoolsFormatter):
    """Powertools' formatter with exceptions that contain no values: see `shop.tracebacks`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
            record.exception_name = type(error).__name__
            record.exception = format_traceback(error)
        return super().format(record)


class _Stdout(logging.StreamHandler[Any]):
    """Writes to the current ``sys.stdout``, which Lambda and the tests read."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


@cache
def _logger() -> Logger:
    """Configure the package's logger on first use, because commands do not print JSON."""
    level = os.environ.get("SHOP_LOG_LEVEL", "")
    logger = Logger(
        service=_SERVICE,
        # `shop.bootstrap.settings` reports an invalid level; until then every line is logged.
        level=level if level in _LEVELS else "INFO",
        logger_handler=_Stdout(),
        logger_formatter=_Formatter(
            json_serializer=lambda line: _encoder.encode(line).decode(),
            json_deserializer=str,  # a message that is valid JSON stays text
            utc=True,
            use_rfc3339=True,
            service=_SERVICE,
        ),
    )
    logging.getLogger(_SERVICE).propagate = False
    # Lambda sets the root's level to that of the function's JSON log, and libraries would log every request.
    logging.getLogger().setLevel(logging.WARNING)
    # The lines contain neither thread nor process, so logging need not look them up.
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    return logger


def begin_invocation(context: Any) -> None:
    """Remove the previous invocation's keys and bind this one's.

    Parameters
    ----------
    context : LambdaContext
        As Lambda passes it.
    """
    global _cold  # noqa: PLW0603 - a fact about the process
    _logger().thread_safe_clear_keys()
    bind(
        cold_start=_cold,
        function_name=context.function_name,
        function_memory_size=context.memory_limit_in_mb,
        function_arn=context.invoked_function_arn,
        function_request_id=context.aws_request_id,
    )
    _cold = False


def bind(**keys: Any) -> None:
    """Add keys, for example ``order_id``, to all further log lines of this invocation."""
    _logger().thread_safe_append_keys(**keys)


@contextmanager
def bound(**keys: Any) -> Iterator[None]:
    """Add keys to the log lines of a block, for one of several orders that an invocation processes."""
    bind(**keys)
    try:
        yield
    finally:
        _logger().thread_safe_remove_keys(keys)


def metric(
    name: MetricName, value: float = 1, *, at: datetime | None = None, **dimensions: str
) -> None:
    """Write a metric to the log in CloudWatch's embedded metric format (EMF).

    Parameters
    ----------
    name : str
        Of the table in `shop.contracts.metrics`, which has its unit and the names of its dimensions.
    value : float
        In that unit.
    at : datetime, optional
        When it was so; now, if not given.
    **dimensions : str
        Each with few values, because every combination is billed as a separate metric.
    """
    of = METRICS[name]
    if tuple(dimensions) != of.dimensions:
        raise ValueError(f"{name} has the dimensions {of.dimensions}, not {tuple(dimensions)}")
    with single_metric(name, MetricUnit(of.unit), value, namespace=NAMESPACE) as made:
        for dimension, of_it in dimensions.items():
            made.add_dimension(dimension, of_it)
        if at is not None:
            made.set_timestamp(at)


def count(name: MetricName, **dimensions: str) -> None:
    """Count what happens too often for a line each time; `flush_counts` writes the sums.

    What an execution environment has counted since its last flush ends with it.
    """
    _counts[name, tuple(dimensions.items())] += 1


def flush_counts() -> None:
    """Write what was counted, at most once a minute; called at the end of every invocation."""
    global _flush_at  # noqa: PLW0603 - a fact about the process
    if not _counts or (now := time.monotonic()) < _flush_at:
        return
    _flush_at = now + _FLUSH_SECONDS
    sums = dict(_counts)
    _counts.clear()
    for (name, dimensions), value in sums.items():
        metric(name, value, at=None, **dict(dimensions))


def secret_requested() -> None:
    """Count a request to Secrets Manager, which AWS bills by the piece."""
    global _secret_requests  # noqa: PLW0603 - a fact about the process
    _secret_requests += 1


def take_secret_requests() -> int:
    """Give the number of requests to Secrets Manager since the last call of this function."""
    global _secret_requests
    taken, _secret_requests = _secret_requests, 0
    return taken
