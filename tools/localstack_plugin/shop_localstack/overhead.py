"""Disables per-call work of LocalStack that this stack does not need."""

import gc
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream, ParserRuleContext
from localstack import config
from localstack.aws.api.stepfunctions import StateMachineType
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.lambda_.invocation import version_manager
from localstack.services.stepfunctions.asl.antlr.runtime.ASLLexer import ASLLexer
from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
from localstack.services.stepfunctions.asl.component.common.path import result_path
from localstack.services.stepfunctions.asl.component.eval_component import EvalComponent
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import (
    lambda_eval_utils,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service_sfn,
)
from localstack.services.stepfunctions.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor
from localstack.services.stepfunctions.asl.utils import boto_client, json_path
from localstack.services.stepfunctions.backend.execution import Execution
from localstack.utils.threads import FuncThread
from twisted.web import http

from shop_localstack.settings import SETTINGS

ENOUGH = 100_000


def apply() -> None:
    """Apply the changes."""
    # Hundreds of threads that switch every 5 ms spend a third of the time on switching.
    sys.setswitchinterval(0.05)
    # A full collection walks a million objects of botocore's models and moto's state, and stops every thread.
    gc.set_threshold(20_000, 50, 1_000)
    # The pool is the limit: calls beyond it wait, they are not refused with 429.
    config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS = max(
        config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS, ENOUGH
    )
    if not SETTINGS.invocation_metrics:
        version_manager.start_thread = _start_unless_metric  # type: ignore[assignment]
    # A state machine spends most of its time on parsing the same definition and paths over and over, and on
    # assuming the same role for a new client at every task.
    AmazonStateLanguageParser.parse = staticmethod(_parse)  # type: ignore[method-assign]
    json_path.parse = lru_cache(4096)(json_path.parse)
    result_path.parse = lru_cache(4096)(result_path.parse)
    lambda_eval_utils.boto_client_for = state_task_service_sfn.boto_client_for = _client_for
    Execution.publish_execution_status_change_event = _publish_status_change  # type: ignore[method-assign]
    # A type is parsed with the parser of e-mail, the costliest step of receiving a request.
    http._parseContentType = lru_cache(256)(http._parseContentType)
    # CloudFormation looks a second apart whether a resource is ready: a minute for fifty functions.
    config.CFN_NO_WAIT_ITERATIONS = 0
    ResourceProviderExecutor.deploy_loop.__defaults__ = (config.CFN_PER_RESOURCE_TIMEOUT, 0.05)


@lru_cache(256)
def _parse(definition: str) -> tuple[EvalComponent, ParserRuleContext]:
    """Build the components of a definition once; executions keep their state in their environments."""
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return Preprocessor().visit(tree), tree


_publish: Callable[[Execution], None] = Execution.publish_execution_status_change_event


def _publish_status_change(execution: Execution) -> None:
    # "Express Workflows do not emit events to EventBridge" (AWS Step Functions Developer Guide).
    if execution.sm_type != StateMachineType.EXPRESS:
        _publish(execution)


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
