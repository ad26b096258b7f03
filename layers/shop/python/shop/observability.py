"""Structured logs that carry request, correlation and order ids, and never a secret; and metrics."""

import json
import logging
import time
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

_NAMESPACE: Final = "Shop"


@cache
def logger() -> Logger:
    """Give this process's logger; level from POWERTOOLS_LOG_LEVEL, service from POWERTOOLS_SERVICE_NAME.

    Modules that only use `logging` (``logging.getLogger(__name__)``) write the same lines, with the
    request's keys.
    """
    made = Logger(use_rfc3339=True, utc=True)
    package = logging.getLogger("shop")
    package.handlers = [made.registered_handler]
    package.setLevel(made.log_level)
    package.propagate = False
    return made


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
