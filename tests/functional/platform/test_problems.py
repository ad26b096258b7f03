"""`type` of every problem is an address that the API answers (RFC 9457, section 3.1.1)."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

from shop.contracts.problems import PROBLEMS
from shop.domain.ids import new_id
from tests.support.gateway import Gateway
from tests.support.proxy_events import template

_API = "https://api.example/prod/api/orders"


def _answered(shop: Gateway, type_: str) -> str:
    """Follow a type from where the problem was answered; return the code that is described there."""
    path = urlsplit(urljoin(_API, type_)).path
    assert path.startswith("/prod/")
    answer = shop.get(path.removeprefix("/prod"))
    assert answer.status == 200
    return str(answer.json["code"])


def test_a_problem_links_to_its_description(shop: Gateway) -> None:
    refused = shop.get(f"/api/catalog/products/{new_id()}")
    assert (refused.status, refused.code) == (404, "product_not_found")
    assert _answered(shop, refused.json["type"]) == "product_not_found"


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_is_described(shop: Gateway, code: str) -> None:
    described = shop.get(f"/api/problems/{code}").json
    assert described["code"] == code
    assert (described["status"], described["title"]) == PROBLEMS[code][:2]
    for words in (described["meaning"], described["remedy"]):
        assert re.fullmatch(r"[A-Z].*\.", words)


def test_an_unknown_code(shop: Gateway) -> None:
    answer = shop.get("/api/problems/out_of_tea")
    assert (answer.status, answer.code) == (404, "problem_not_found")
    assert _answered(shop, answer.json["type"]) == "problem_not_found"


def test_the_gateways_own_responses_link_there_too(shop: Gateway) -> None:
    responses = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    for response in responses.values():
        text = response["ResponseTemplates"]["application/json"]
        code = re.findall(r'"code": "(\w+)"', text)[0]
        (type_,) = re.findall(r'"type": "([^"]+)"', text)
        assert _answered(shop, type_.replace("${ApiBase}", "/prod")) == code
