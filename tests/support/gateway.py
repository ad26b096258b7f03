"""Call the functions of infra/template.yaml in process, with the events that AWS would send.

One `Gateway` serves one thread: it has its own container (so its own connections) and its own copies of
the handler modules, because a Chalice app keeps the request that it is serving.

>>> shop = Gateway(Container(settings))
>>> shop.call("POST", "/api/cart/items", json={"product_id": p, "quantity": 1}, token=token).status
200
>>> shop.invoke("orders/create_order", {"order_id": "…"})  # a task, consumer or schedule
"""

import base64
import importlib.util
import itertools
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec
import yaml

from shop import bootstrap
from shop.bootstrap import Container

ROOT = Path(__file__).parents[2]
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_serial = itertools.count()
_current: ContextVar[Container] = ContextVar("container")
_process_container = bootstrap.container


def _container() -> Container:
    try:
        return _current.get()
    except LookupError:
        return _process_container()


bootstrap.container = _container  # type: ignore[assignment]  # handlers are loaded after this


class Route(NamedTuple):
    """A line of the route table."""

    method: str
    path: str
    function: str


@dataclass(frozen=True, slots=True)
class Response:
    """What the client would receive; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.text)

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        code: str = self.json["code"]
        return code


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
    loaded: dict[str, Any] = yaml.load(
        (ROOT / "infra/template.yaml").read_text(), Loader=_TemplateLoader
    )
    return loaded


@cache
def routes() -> Sequence[Route]:
    """List every route; those without parameters come first."""
    found = []
    for resource in template()["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        function = properties["CodeUri"].removeprefix("../functions/").strip("/")
        for event in properties.get("Events", {}).values():
            if event["Type"] == "Api":
                route = event["Properties"]
                found.append(Route(route["Method"].upper(), route["Path"], function))
    return sorted(found, key=lambda route: "{" in route.path)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Find the function for a request and its path parameters, as API Gateway does."""
    for route in routes():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        if route.method == method and (match := re.fullmatch(pattern, path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise LookupError(f"no route {method} {path} in infra/template.yaml")


def proxy_event(
    method: str, path: str, headers: Mapping[str, str], body: str | bytes | None
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
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "tests"},
            "apiId": "api",
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


class Gateway:
    """API Gateway and the Lambda service for one thread of a test.

    Parameters
    ----------
    container : Container
        Adapters for the functions called through this object.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self._handlers: dict[str, Any] = {}

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: str | bytes | None = None,
        query: Mapping[str, Any] | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Response:
        """Send a request and give its answer.

        Parameters
        ----------
        json : optional
            Sent as the JSON body.
        body : str or bytes, optional
            Sent as it is, instead of `json`.
        token : str, optional
            Sent as ``Authorization: Bearer``.
        key : str, optional
            Sent as ``Idempotency-Key``.
        """
        sent = dict(headers or {})
        if json is not None:
            body = msgspec.json.encode(json).decode()
        if body is not None and method in _BODY_METHODS:
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        if query:
            path = f"{path}?{urlencode(query, doseq=True)}"
        event = proxy_event(method, path, sent, body)
        route, _ = find_route(method, event["path"])
        return _response(self.invoke(route.function, event))

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request; see `call`."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request; see `call`."""
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        """Send a PUT request; see `call`."""
        return self.call("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Response:
        """Send a PATCH request; see `call`."""
        return self.call("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        """Send a DELETE request; see `call`."""
        return self.call("DELETE", path, **options)

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke ``<service>/<function>`` with an event, as the Lambda service does: through JSON."""
        event = msgspec.json.decode(msgspec.json.encode(event))
        with self.active():
            answer = self.handler(function)(event, Context(function))
        return msgspec.json.decode(msgspec.json.encode(answer))

    def handler(self, function: str) -> Any:
        """Give this gateway's copy of a handler."""
        if function not in self._handlers:
            with self.active():
                self._handlers[function] = load_module(function).handler
        return self._handlers[function]

    @contextmanager
    def active(self) -> Iterator[Container]:
        """Make `bootstrap.container()` give this gateway's container in a block."""
        token = _current.set(self.container)
        try:
            yield self.container
        finally:
            _current.reset(token)


def load_module(function: str) -> ModuleType:
    """Load a fresh copy of ``functions/<service>/<function>/handler.py``."""
    path = ROOT / "functions" / function / "handler.py"
    name = f"handler_{function.replace('/', '_')}_{next(_serial)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _response(answer: Any) -> Response:
    """Check an answer as strictly as API Gateway, which makes a 502 of a malformed one."""
    assert isinstance(answer["statusCode"], int), answer
    body = answer.get("body") or ""
    assert isinstance(body, str), answer
    headers = {}
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers[name.lower()] = ", ".join(values)
    for name, value in (answer.get("headers") or {}).items():
        assert isinstance(value, str | int | bool), (name, value)
        headers[name.lower()] = str(value)
    if answer.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    return Response(answer["statusCode"], headers, body)
