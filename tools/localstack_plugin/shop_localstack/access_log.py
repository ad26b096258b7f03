"""API Gateway's access log: one event for each request that arrives at a stage with ``AccessLogSetting``.

The API Gateway Developer Guide names the variables ("Variables for access logging for API Gateway") and says
how a format is written ("Access logging for REST APIs"). A variable without a value is written as "-".
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from localstack.services.apigateway.next_gen.execute_api.context import RestApiInvocationContext
from localstack.services.apigateway.next_gen.execute_api.gateway import RestApiGateway
from localstack.services.apigateway.next_gen.execute_api.integrations.aws import (
    RestApiAwsProxyIntegration,
)
from rolo import Response

from shop_localstack import log_store
from shop_localstack.invocations import invoke

LOG = logging.getLogger(__name__)
_VARIABLE = re.compile(r"\$context((?:\.\w+)+)")
_UNSAFE = re.compile(r'["\\\x00-\x1f]')

_process: Callable[[RestApiGateway, RestApiInvocationContext, Response], None] = (
    RestApiGateway.process_with_context
)


class _Integration(threading.local):
    """What the integration of the request on this thread was; LocalStack drops it."""

    request_id: str | None = None
    latency_ms: int | None = None


_integration = _Integration()


def apply() -> None:
    """Apply the changes."""
    RestApiGateway.process_with_context = process  # type: ignore[method-assign, assignment]
    RestApiAwsProxyIntegration.call_lambda = staticmethod(call_lambda)  # type: ignore[method-assign, assignment]


def process(gateway: RestApiGateway, context: RestApiInvocationContext, response: Response) -> None:
    """Handle a request and log it."""
    _integration.request_id = _integration.latency_ms = None
    began = time.perf_counter()
    _process(gateway, context, response)
    stage = context.stage_configuration
    settings = (stage.get("accessLogSettings") if stage else None) or {}
    template, destination = settings.get("format"), settings.get("destinationArn")
    if not (template and destination):
        return
    try:
        latency_ms = int((time.perf_counter() - began) * 1000)
        line = render(template, _variables(context, response, latency_ms))
        _, _, _, region, account, _, group, *_ = destination.split(":")
        stream = log_store.stream_of(str(context.api_id), str(context.stage))
        log_store.append(account, region, group, stream, [(int(time.time() * 1000), f"{line}\n")])
    except Exception:
        LOG.exception("a request to %s is not in the access log", context.api_id)


def call_lambda(function_arn: str, event: bytes, **_source_and_role: str | None) -> bytes:
    """Invoke a function, and keep the id of the invocation; LocalStack checks neither source nor role."""
    began = time.perf_counter()
    result = invoke(function_arn, event)
    _integration.request_id = result.request_id
    _integration.latency_ms = int((time.perf_counter() - began) * 1000)
    return result.payload or b""


def render(template: str, variables: Mapping[str, Any]) -> str:
    """Fill in the variables of a format; a quotation mark in a value does not end the value.

    Examples
    --------
    >>> render('{"id":"$context.requestId","error":"$context.error.message"}', {"requestId": "r"})
    '{"id":"r","error":"-"}'
    """
    literals, paths = _compiled(template)
    values = [_text(variables, path) for path in paths]
    return "".join(part for pair in zip(literals, [*values, ""], strict=True) for part in pair)


@lru_cache(64)
def _compiled(template: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Split a format into the text around its variables, and the variables' names."""
    pieces = _VARIABLE.split(template)
    return tuple(pieces[::2]), tuple(tuple(path.split(".")[1:]) for path in pieces[1::2])


def _text(variables: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = variables
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, Mapping):
        return "-"
    text = str(value)
    return json.dumps(text)[1:-1] if _UNSAFE.search(text) else text


def _variables(
    context: RestApiInvocationContext, response: Response, latency_ms: int
) -> dict[str, Any]:
    return {
        **(context.context_variables or {}),
        "status": response.status_code,
        "responseLatency": latency_ms,
        "responseLength": response.calculate_content_length(),
        "integrationLatency": _integration.latency_ms,
        "integration": {
            "requestId": _integration.request_id,
            "latency": _integration.latency_ms,
        },
        "awsEndpointRequestId": _integration.request_id,
        "xrayTraceId": context.trace_id,
    }
