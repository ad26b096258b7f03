"""The events of API Gateway, and the route table that they follow: infra/template.yaml."""

import base64
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml

from shop_local.functions import declared
from shop_local.paths import TEMPLATE


class Route(NamedTuple):
    """A line of the route table."""

    method: str
    path: str
    function: str


class Context:
    """The context object of one invocation."""

    def __init__(self, function: str) -> None:
        self.function_name = function.replace("/", "-")
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = 256
        self.invoked_function_arn = (
            f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"
        )
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "2026/01/01/[$LATEST]0"

    def get_remaining_time_in_millis(self) -> int:
        """Time left, in milliseconds."""
        return 28_000


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags (``!Ref`` …) as their plain values."""


def _plain(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_TemplateLoader.add_multi_constructor("!", _plain)


@cache
def template() -> dict[str, Any]:
    """Read infra/template.yaml."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_TemplateLoader)
    return loaded


@cache
def routes() -> Sequence[Route]:
    """List every route; those without parameters come first."""
    found = [Route(*function.route, function.title) for function in declared() if function.route]
    return sorted(found, key=lambda route: "{" in route.path)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Find the function for a request and its path parameters, as API Gateway does."""
    for route in routes():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        if route.method == method and (match := re.fullmatch(pattern, path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise LookupError(f"no route {method} {path} in infra/template.yaml")


def proxy_event(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: str | bytes | None,
    source: str = "192.0.2.1",
) -> dict[str, Any]:
    """Build the event of an API Gateway REST API (Lambda proxy integration).

    Parameters
    ----------
    path : str
        With its query string, if any. A `body` of bytes is sent in Base64, as for binary media types.
    """
    url = urlsplit(path)
    route, parameters = find_route(method, url.path)
    sent = {"Host": "api.example", "User-Agent": "tests", "X-Forwarded-Proto": "https", **headers}
    query = parse_qsl(url.query, keep_blank_values=True)
    multi: dict[str, list[str]] = {}
    for name, value in query:
        multi.setdefault(name, []).append(value)
    now = datetime.now(UTC)
    return {
        "resource": route.path,
        "path": url.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": multi or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": route.path,
            "httpMethod": method,
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "path": f"/prod{url.path}",
            "accountId": "000000000000",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": "api",
            "domainName": "api.example",
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": source, "userAgent": "tests"},
            "apiId": "api",
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }
