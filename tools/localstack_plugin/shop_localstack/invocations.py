"""Functions invoked by API Gateway and Step Functions, without a client and the API of Lambda in between.

LocalStack's services call each other as a client would: sign, serialise, pass some twenty handlers, parse.
For an invocation that costs more than all else that LocalStack does for it.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import ServiceException
from localstack.aws.api.lambda_ import InvocationType
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import (
    lambda_eval_utils,
)
from localstack.utils.strings import long_uid

_invoke_by_client: Callable[..., Any] = lambda_eval_utils._invoke_lambda_function
_PLAIN = {"FunctionName", "InvocationType", "Payload"}


def apply() -> None:
    """Apply the change to Step Functions; `access_log` invokes functions for API Gateway."""
    lambda_eval_utils._invoke_lambda_function = _invoke_for_task


def invoke(function_arn: str, payload: bytes) -> InvocationResult:
    """Invoke a function and wait for it.

    Raises
    ------
    ClientError
        As from a client of Lambda.
    """
    request_id = long_uid()
    name, qualifier, account, region = function_locators_from_arn(function_arn)
    assert name, function_arn
    assert account, function_arn
    assert region, function_arn
    try:
        result = _service().invoke(
            function_name=name,
            qualifier=qualifier,
            region=region,
            account_id=account,
            invocation_type=InvocationType.RequestResponse,
            client_context=None,
            request_id=request_id,
            payload=payload,
        )
    except ServiceException as error:
        answer = {
            "Error": {"Code": error.code, "Message": error.message},
            "ResponseMetadata": {"HTTPStatusCode": error.status_code, "RequestId": request_id},
        }
        raise ClientError(answer, "Invoke") from error
    assert result is not None, "only asynchronous invocations have no result"
    return result


@cache
def _service() -> LambdaService:
    service = SERVICE_PLUGINS.get_service("lambda")
    assert service is not None
    provider: Any = service._provider
    found: LambdaService = provider.lambda_service
    return found


def _invoke_for_task(parameters: dict[str, Any], region: str, state_credentials: Any) -> Any:
    function = parameters["FunctionName"]
    if (
        not function.startswith("arn:")
        or parameters.keys() - _PLAIN
        or parameters.get("InvocationType") not in (None, InvocationType.RequestResponse)
    ):
        return _invoke_by_client(parameters, region, state_credentials)
    result = invoke(function, parameters.get("Payload") or b"{}")
    response: dict[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": result.executed_version,
        "Payload": _parsed(result.payload or b""),
    }
    return response | ({"FunctionError": "Unhandled"} if result.is_error else {})


def _parsed(payload: bytes) -> Any:
    text = payload.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
