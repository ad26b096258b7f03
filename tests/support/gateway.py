"""Call the functions of infra/template.yaml in process, with the events that AWS would send.

One `Gateway` serves one thread: it has its own environment (so its own connections) and its own copies of
the handler modules, because a Chalice app keeps the request that it is serving.

>>> shop = Gateway(Container(settings))
>>> shop.call("POST", "/api/cart/items", json={"product_id": p, "quantity": 1}, token=token).status
200
>>> shop.invoke("orders/create_order", {"order_id": "…"})  # a task, consumer or schedule
"""

import base64
import importlib.util
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import msgspec

from shop_local.paths import CHECKOUT
from tests.support import contract
from tests.support.containers import Container
from tests.support.proxy_events import Context, find_route, proxy_event

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_serial = itertools.count()


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
        source: str = "192.0.2.1",
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
        source : str
            The client's IP address.
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
        event = proxy_event(method, path, sent, body, source)
        route, _ = find_route(method, event["path"])
        return response(self.invoke(route.function, event))

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
        """Invoke ``<service>/<function>`` with an event, as the Lambda service does: through JSON.

        An endpoint's answer is held to the OpenAPI document.
        """
        event = msgspec.json.decode(msgspec.json.encode(event))
        with self.active():
            answer = self.handler(function)(event, Context(function))
        answer = msgspec.json.decode(msgspec.json.encode(answer))
        if "httpMethod" in event:
            contract.check(event["httpMethod"], event["resource"], response(answer))
        return answer

    def handler(self, function: str) -> Any:
        """Return this gateway's copy of a handler."""
        if function not in self._handlers:
            with self.active():
                self._handlers[function] = load_module(function).handler
        return self._handlers[function]

    @contextmanager
    def active(self) -> Iterator[Container]:
        """Make this gateway's environment the current one of a block."""
        with self.container.environment.active():
            yield self.container


def load_module(function: str) -> ModuleType:
    """Load a fresh copy of ``functions/<service>/<function>/handler.py``."""
    path = CHECKOUT / "functions" / function / "handler.py"
    name = f"handler_{function.replace('/', '_')}_{next(_serial)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def response(answer: Any) -> Response:
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
