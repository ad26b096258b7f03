"""Structured logs that carry request, correlation and order ids, and never a secret; and metrics.

Every module logs with ``logging.getLogger(__name__)``. An entry point begins each invocation here, and from
then on each line is one JSON object of Powertools' Logger with that invocation's keys.
"""

import copy
import logging
import os
import sys
from functools import cache
from typing import Any, Final, override

import msgspec
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shop.tracebacks import format_traceback

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_NAMESPACE: Final = "Shop"
#: Also the name of the logger above those of all modules.
_SERVICE: Final = "shop"
_encoder: Final = msgspec.json.Encoder(enc_hook=str)
_cold: bool = True


class _Formatter(LambdaPowertoolsFormatter):
    """Powertools' lines, whose exceptions hold no value: see `shop.tracebacks`."""

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
    """Writes to what ``sys.stdout`` is at the time: Lambda reads it, and so do tests."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


@cache
def _logger() -> Logger:
    """Set the package's logger up, as late as this: what a command prints is not JSON."""
    level = os.environ.get("SHOP_LOG_LEVEL", "")
    logger = Logger(
        service=_SERVICE,
        # A level that is none is named by `shop.bootstrap.settings`; until then nothing must be lost.
        level=level if level in _LEVELS else "INFO",
        logger_handler=_Stdout(),
        logger_formatter=_Formatter(
            json_serializer=lambda line: _encoder.encode(line).decode(),
            json_deserializer=str,  # a message that happens to be JSON stays text
            utc=True,
            use_rfc3339=True,
            service=_SERVICE,
        ),
    )
    logging.getLogger(_SERVICE).propagate = False
    # Lambda sets the root's level to that of the function's JSON log, and libraries would log every request.
    logging.getLogger().setLevel(logging.WARNING)
    # Not on our lines, so not to be found out for each.
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    return logger


def begin_invocation(context: Any) -> None:
    """Forget the keys of the invocation before, and have every line name this one.

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
    """Put keys, for example ``order_id``, on every further line of this invocation."""
    _logger().thread_safe_append_keys(**keys)


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
    with single_metric(name, MetricUnit(unit), value, namespace=_NAMESPACE) as made:
        for dimension, of in dimensions.items():
            made.add_dimension(dimension, of)
