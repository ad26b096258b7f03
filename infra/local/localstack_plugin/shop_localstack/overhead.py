"""Take away what LocalStack does at every invocation and nobody here looks at."""

from collections.abc import Callable
from typing import Any

from localstack import config
from localstack.services.lambda_.invocation import version_manager
from localstack.utils.threads import FuncThread

from shop_localstack.settings import SETTINGS

ENOUGH = 100_000


def apply() -> None:
    """Apply the changes."""
    # The pool is the limit: calls beyond it wait, they are not refused with 429.
    config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS = max(
        config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS, ENOUGH
    )
    if not SETTINGS.invocation_metrics:
        version_manager.start_thread = _start_unless_metric


_start_thread: Callable[..., FuncThread] = version_manager.start_thread


def _start_unless_metric(*args: Any, name: str = "", **kwargs: Any) -> FuncThread | None:
    # A thread and a CloudWatch call for each invocation cost more than the invocation.
    if name.startswith("record-cloudwatch-metric"):
        return None
    return _start_thread(*args, name=name or None, **kwargs)
