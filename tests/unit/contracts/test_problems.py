import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from shop.contracts.problems import PROBLEMS, type_of
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


def test_the_gateways_own_answers_use_the_same_table() -> None:
    api = template.read(TEMPLATE)["Resources"]["Api"]["Properties"]
    for name, response in api["GatewayResponses"].items():
        body = yaml.safe_load(response["ResponseTemplates"]["application/json"]["Fn::Sub"])
        assert response["StatusCode"] == body["status"], name
        assert PROBLEMS[body["code"]].status == body["status"], name
        assert body["type"] == "${ApiBase}" + type_of(body["code"])
        assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}, name
