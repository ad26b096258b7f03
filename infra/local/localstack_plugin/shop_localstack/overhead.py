"""Take away what LocalStack does at every call and nobody here needs."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from localstack import config
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.lambda_.invocation import version_manager
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import (
    lambda_eval_utils,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service_sfn,
)
from localstack.services.stepfunctions.asl.utils import boto_client, json_path
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
        version_manager.start_thread = _start_unless_metric  # type: ignore[assignment]
    # Half the time of a state machine went into parsing the same paths over and over, and into
    # assuming the same role for a new client at every task.
    json_path.parse = lru_cache(4096)(json_path.parse)
    lambda_eval_utils.boto_client_for = state_task_service_sfn.boto_client_for = _client_for
    # CloudFormation looks a second apart whether a resource is ready: a minute for fifty functions.
    config.CFN_NO_WAIT_ITERATIONS = 0
    ResourceProviderExecutor.deploy_loop.__defaults__ = (config.CFN_PER_RESOURCE_TIMEOUT, 0.05)


_client_for_role = boto_client.boto_client_for
_clients: dict[tuple[str, str, str], Any] = {}


def _client_for(service: str, region: str, state_credentials: Any) -> Any:
    key = (service, region, state_credentials.role_arn)
    if key not in _clients:
        _clients[key] = _client_for_role(service, region, state_credentials)
    return _clients[key]


_start_thread: Callable[..., FuncThread] = version_manager.start_thread


def _start_unless_metric(*args: Any, name: str = "", **kwargs: Any) -> FuncThread | None:
    # A thread and a CloudWatch call for each invocation cost more than the invocation.
    if name.startswith("record-cloudwatch-metric"):
        return None
    return _start_thread(*args, name=name or None, **kwargs)
