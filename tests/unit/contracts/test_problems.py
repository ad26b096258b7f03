import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from shop.contracts.problem_documents import type_of
from shop.contracts.problems import PROBLEMS
from shop.domain import errors
from shop_local import template
from shop_local.paths import CHECKOUT, TEMPLATE


def _codes_in(path: Path) -> Iterator[str]:
    """Codes given as ``code="…"`` to a call, and as ``default_code`` of an exception."""
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "code"
            and isinstance(node.value, ast.Constant)
        ):
            assert isinstance(node.value.value, str)
            yield node.value.value


def test_every_code_the_application_raises_is_in_the_table() -> None:
    raised = {
        error.default_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.ShopError)
    }
    for path in (CHECKOUT / "layers/shop/python/shop").rglob("*.py"):
        raised.update(_codes_in(path))
    assert raised - set(PROBLEMS) == set()


def test_codes_are_stable_words_and_statuses_are_errors() -> None:
    for code, problem in PROBLEMS.items():
        assert re.fullmatch(r"[a-z][a-z_]+", code)
        assert 400 <= problem.status < 600
        assert problem.title


#: Their status is that of the answer: a constant would replace the status of every answer that has no entry.
_OF_SEVERAL_STATUSES = {"DEFAULT_4XX", "DEFAULT_5XX"}


def test_the_gateways_own_answers_use_the_same_table() -> None:
    api = template.read(TEMPLATE)["Resources"]["Api"]["Properties"]
    for name, response in api["GatewayResponses"].items():
        body = yaml.safe_load(response["ResponseTemplates"]["application/json"]["Fn::Sub"])
        members = {"type", "title", "detail", "code", "request_id"}
        if name in _OF_SEVERAL_STATUSES:
            assert "StatusCode" not in response
        else:
            members.add("status")
            assert response["StatusCode"] == body["status"], name
            assert PROBLEMS[body["code"]].status == body["status"], name
        assert body["type"] == "${ApiBase}" + type_of(body["code"])
        assert set(body) == members, name


def test_the_gateway_refuses_with_the_status_that_aws_documents() -> None:
    api = template.read(TEMPLATE)["Resources"]["Api"]["Properties"]
    statuses = {name: each.get("StatusCode") for name, each in api["GatewayResponses"].items()}
    expected = {
        "WAF_FILTERED": 403,
        "ACCESS_DENIED": 403,
        "QUOTA_EXCEEDED": 429,
        "UNAUTHORIZED": 401,
    }
    assert statuses.items() >= expected.items()
