"""The in-process shop as a WSGI application, for clients that speak HTTP."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, override
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

from tests.support.gateway import Gateway, response
from tests.support.proxy_events import find_route, proxy_event
from tests.support.serving import serving

type _Start = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """Passes requests to a gateway, one at a time.

    Attributes
    ----------
    asked : list of str
        Method and path of each request.
    """

    def __init__(self, shop: Gateway) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        """Answer a request; what has no route is refused as API Gateway does."""
        method, path = environ["REQUEST_METHOD"], _path(environ)
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size).decode(errors="replace") or None
        address = f"{path}?{environ.get('QUERY_STRING', '')}"
        with self._lock:
            self.asked.append(f"{method} {path}")
            try:
                route, _ = find_route(method, path)
            except LookupError:
                start_response("403 Forbidden", [("Content-Type", "application/json")])
                return [b'{"message": "Missing Authentication Token"}']
            event = proxy_event(method, address, _headers(environ), body)
            answer = response(self._shop.invoke(route.function, event))
        phrase = HTTPStatus(answer.status).phrase
        start_response(f"{answer.status} {phrase}", list(answer.headers.items()))
        return [answer.text.encode()]


class _Quiet(WSGIRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(application: Application) -> Iterator[str]:
    """Serve it on a free port of the loopback interface; give the address."""
    with serving(make_server("127.0.0.1", 0, application, handler_class=_Quiet)) as address:
        yield f"http://{address}"


def _path(environ: dict[str, Any]) -> str:
    """Return the path as it was sent where the server says so: ``%2F`` is no separator."""
    raw: str = environ.get("REQUEST_URI", "")
    if raw.startswith("/"):
        return raw.partition("?")[0]
    return quote(environ["PATH_INFO"].encode("latin-1"))


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    found = {
        name.removeprefix("HTTP_"): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
    }
    return {name.replace("_", "-").title(): value for name, value in found.items()}
