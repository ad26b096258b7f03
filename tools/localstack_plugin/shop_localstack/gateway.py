"""Missing parts of LocalStack's API Gateway: gateway responses, payload limit, integration time-out.

LocalStack does not read gateway responses from an OpenAPI document, which is how SAM declares them,
and applies no more than their status. Here they are read and applied whole, so that an unknown
route answers as it does on AWS.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from localstack.services.apigateway.legacy import provider
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.context import RestApiInvocationContext
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    BaseGatewayException,
    IntegrationTimeoutError,
    RequestTooLargeError,
    build_gateway_response,
    get_gateway_response_or_default,
)
from localstack.services.apigateway.next_gen.execute_api.handlers.gateway_exception import (
    GatewayExceptionHandler,
)
from localstack.services.apigateway.next_gen.execute_api.integrations.aws import (
    RestApiAwsProxyIntegration,
)
from rolo import Response

MAX_PAYLOAD_BYTES = 10 * 1024 * 1024
DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
_VARIABLE = re.compile(r"\$(context|stageVariables)((?:\.\w+)+)")
_HEADER = "gatewayresponse.header."
_OPENAPI_KEY = "x-amazon-apigateway-gateway-responses"

_invoke: Callable[..., Any] = RestApiAwsProxyIntegration.invoke
_import: Callable[..., tuple[Any, list[str]]] = provider.import_api_from_openapi_spec


def apply() -> None:
    """Apply the changes."""
    handlers.preprocess_request.append(refuse_large_payload)  # type: ignore[arg-type]  # by position
    GatewayExceptionHandler.create_exception_response = error_response  # type: ignore[method-assign, assignment]
    RestApiAwsProxyIntegration.invoke = invoke_in_time  # type: ignore[method-assign, assignment]
    provider.import_api_from_openapi_spec = import_with_gateway_responses


def import_with_gateway_responses(
    rest_api: Any, context: Any, open_api_spec: dict[str, Any], mode: Any
) -> tuple[Any, list[str]]:
    """Import an OpenAPI document together with the gateway responses in it."""
    result = _import(rest_api, context=context, open_api_spec=open_api_spec, mode=mode)
    container = apigateway_stores[context.account_id][context.region].rest_apis[rest_api.id]
    for kind, declared in open_api_spec.get(_OPENAPI_KEY, {}).items():
        status = declared.get("statusCode")
        container.gateway_responses[kind] = build_gateway_response(
            kind,
            status_code=str(status) if status else None,  # type: ignore[arg-type]  # its default
            response_parameters=declared.get("responseParameters"),
            response_templates=declared.get("responseTemplates"),
            default_response=False,
        )
    return result


def refuse_large_payload(
    _chain: object, context: RestApiInvocationContext, _response: Response
) -> None:
    """Refuse what API Gateway refuses: bodies above 10 MB."""
    assert context.invocation_request is not None
    if len(context.invocation_request["body"]) > MAX_PAYLOAD_BYTES:
        raise RequestTooLargeError("Request Too Long")


def invoke_in_time(
    integration: RestApiAwsProxyIntegration, context: RestApiInvocationContext
) -> Any:
    """Invoke the function; an answer after the integration's time-out is a 504.

    The answer is awaited all the same, so the 504 may come later than on AWS.
    """
    assert context.integration is not None
    limit_ms = int(context.integration.get("timeoutInMillis") or 29_000)
    began = time.perf_counter()
    try:
        return _invoke(integration, context)
    finally:
        if (time.perf_counter() - began) * 1000 >= limit_ms:
            raise IntegrationTimeoutError("Endpoint request timed out")


def error_response(
    _handler: GatewayExceptionHandler,
    exception: BaseGatewayException,
    context: RestApiInvocationContext,
) -> Response:
    """Return the gateway response configured for an error, or API Gateway's own."""
    assert context.deployment is not None
    assert context.context_variables is not None
    configured = get_gateway_response_or_default(
        exception.type, context.deployment.rest_api.gateway_responses
    )
    variables = {
        "context": {
            **context.context_variables,
            "error": {
                "message": exception.message,
                "messageString": json.dumps(exception.message),
                "responseType": exception.type,
                "validationErrorString": "",
            },
        },
        "stageVariables": context.stage_variables or {},
    }
    templates = configured.get("responseTemplates") or {}
    media_type = next(iter(templates), "application/json")
    if "application/json" in templates:
        media_type = "application/json"
    headers = {"Content-Type": media_type, "x-amzn-ErrorType": exception.code}
    for name, source in (configured.get("responseParameters") or {}).items():
        value = _value(source, variables, context)
        if name.startswith(_HEADER) and value is not None:
            headers[name.removeprefix(_HEADER)] = value
    return Response(
        response=render(templates.get(media_type) or DEFAULT_TEMPLATE, variables),
        headers=_merge(headers),
        status=configured.get("statusCode") or exception.status_code or 500,
    )


def render(template: str, variables: dict[str, Any]) -> str:
    """Fill in ``$context`` and ``$stageVariables``; gateway responses know no more of VTL.

    Examples
    --------
    >>> render('{"id":"$context.requestId"}', {"context": {"requestId": "r"}})
    '{"id":"r"}'
    """
    return _VARIABLE.sub(lambda match: _text(_lookup(variables, match[1] + match[2])), template)


def _lookup(variables: Any, path: str) -> Any:
    for name in path.split("."):
        variables = variables.get(name) if isinstance(variables, dict) else None
    return variables


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _value(source: str, variables: dict[str, Any], context: RestApiInvocationContext) -> str | None:
    if source.startswith("'"):
        return source.strip("'")
    request = context.invocation_request
    assert request is not None
    match source.split(".", 3):
        case ["context" | "stageVariables", *_]:
            return _text(_lookup(variables, source))
        case ["method", "request", "header", name]:
            return request["headers"].get(name)
        case ["method", "request", "querystring", name]:
            return (request["query_string_parameters"] or {}).get(name)
        case ["method", "request", "path", name]:
            return (request["path_parameters"] or {}).get(name)
        case _:
            return None


def _merge(headers: dict[str, str]) -> dict[str, str]:
    """Drop earlier headers that a later one of the same name replaces, whatever their case."""
    return dict({name.lower(): (name, value) for name, value in headers.items()}.values())
