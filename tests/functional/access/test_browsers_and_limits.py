"""What browsers are told with every answer, and what is refused before any work is done."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from shop.bootstrap.settings import SettingsError, load
from shop.domain.sessions import Role
from shop.entrypoints.security_headers import STRICT
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.transformed import of_type
from tests.unit.test_settings import GOOD


def _header(answer: Response, name: str) -> str:
    return answer.headers[name.lower()]


def test_answers_and_refusals_have_the_headers(shop: Gateway) -> None:
    for answer in (shop.get("/api/health"), shop.get("/api/cart"), shop.get("/api/orders/x")):
        assert {name: _header(answer, name) for name in STRICT} == STRICT


def test_the_page_runs_its_own_scripts_only(shop: Gateway) -> None:
    answer = shop.get("/api/docs")
    policy = dict(
        part.split(" ", 1) for part in _header(answer, "Content-Security-Policy").split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    elements = [found[1] for found in re.finditer(r"(?s)<(script|style)\b.*?</\1>", answer.text)]
    for kind in ("script", "style"):
        digests = re.findall(r"'sha256-[\w+/]{43}='", policy[f"{kind}-src"])
        assert len(digests) == elements.count(kind) > 0
        assert "unsafe" not in policy[f"{kind}-src"]
    assert not re.search(
        r"\son\w+=|\sstyle=", re.sub(r"<script>.*?</script>", "", answer.text, flags=re.S)
    )


@pytest.fixture
def one_origin(database: str, redis: str) -> Iterator[Gateway]:
    with container_for(database, redis, allowed_origin="https://shop.example") as container:
        yield Gateway(container)


def test_the_allowed_origin_is_a_setting(one_origin: Gateway, shop: Gateway) -> None:
    sent = {"Origin": "https://elsewhere.example"}
    for path in ("/api/health", "/api/cart"):
        answer = one_origin.get(path, headers=sent)
        assert _header(answer, "Access-Control-Allow-Origin") == "https://shop.example"
        assert "access-control-allow-credentials" not in answer.headers
        assert _header(shop.get(path, headers=sent), "Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "https://a, https://b"]
)
def test_a_malformed_origin_is_refused(origin: str) -> None:
    with pytest.raises(SettingsError, match="SHOP_ALLOWED_ORIGIN"):
        load(GOOD | {"SHOP_ALLOWED_ORIGIN": origin})


def test_api_gateway_sends_them_with_its_own_answers() -> None:
    (api,) = of_type("AWS::ApiGateway::RestApi").values()
    origin = {"Fn::Sub": "'${AllowedOrigin}'"}
    for name, answer in api["Body"]["x-amazon-apigateway-gateway-responses"].items():
        sent = {
            key.removeprefix("gatewayresponse.header."): value
            for key, value in answer["responseParameters"].items()
        }
        # A value in single quotes cannot contain any, as a policy of contents would.
        for header in STRICT.keys() - {"Content-Security-Policy"}:
            assert sent[header] == f"'{STRICT[header]}'", name
        assert sent["X-Frame-Options"] == "'DENY'", name
        assert sent["Access-Control-Allow-Origin"] == origin, name
    for path, methods in api["Body"]["paths"].items():
        preflight = methods["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
        allowed = preflight["responseParameters"]
        assert allowed["method.response.header.Access-Control-Allow-Origin"] == origin, path


class _Untouched:
    """A session store that no request reaches."""

    def authenticate(self, token: str) -> Any:
        raise AssertionError("the body is too large for any work")


def test_a_large_body_is_refused_before_any_work(shop: Gateway, container: Container) -> None:
    token = token_of(container, Role.CUSTOMER)
    limit = 64 * 1024
    path = "/api/cart/items"
    assert shop.post(path, body=b" " * limit, token=token).code == "invalid_json"
    container.sessions = _Untouched()  # type: ignore[assignment]
    answer = shop.post(path, body=b" " * (limit + 1), token=token)
    assert (answer.status, answer.code) == (413, "body_too_large")


@pytest.mark.parametrize("opening", [b"[", b'{"attributes":', b'{"a":'])
def test_a_deep_body_is_refused(shop: Gateway, container: Container, opening: bytes) -> None:
    token = token_of(container, Role.STAFF)
    body = opening * (60_000 // len(opening))
    answer = shop.post("/api/catalog/products", body=body, token=token)
    assert answer.status == 400
    assert answer.code in ("invalid_json", "validation_failed")
