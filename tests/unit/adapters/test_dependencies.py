"""The health check of OpenSearch: with a password, and of a server that is not OpenSearch."""

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from shop.adapters.probes import probes
from shop.domain.errors import DependencyUnavailable
from tests.support.serving import serving

_CREDENTIALS = base64.b64encode(b"shop:p@ss:word").decode()


class _Node(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/garbage":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            return
        known = self.headers["Authorization"] == f"Basic {_CREDENTIALS}"
        self.send_response(200 if known else 401)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def node() -> Iterator[str]:
    """Host and port of a server that knows one user."""
    with serving(HTTPServer(("127.0.0.1", 0), _Node)) as address:
        yield address


def check(url: str) -> bool:
    unused: Any = None
    found = probes(unused, unused, unused, opensearch_url=url, stripe_configured=False)
    return next(probe for probe in found if probe.name == "opensearch").check()


def test_user_and_password_of_the_url_are_sent(node: str) -> None:
    assert check(f"http://shop:p%40ss%3Aword@{node}")


@pytest.mark.parametrize("user", ["", "shop:wrong@"])
def test_refused_credentials_are_an_outage(node: str, user: str) -> None:
    with pytest.raises(DependencyUnavailable):
        check(f"http://{user}{node}")


def test_a_url_with_a_password_and_no_port_is_asked_like_any_other() -> None:
    # Nobody listens on port 80 of this loopback address.
    with pytest.raises(DependencyUnavailable):
        check("http://shop:p%40ss@127.9.9.9")


def test_an_answer_that_is_no_http_is_an_outage(node: str) -> None:
    with pytest.raises(DependencyUnavailable):
        check(f"http://{node}/garbage")
