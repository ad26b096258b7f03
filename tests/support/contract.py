"""Check answers against the shop's OpenAPI document: status, headers, body and problem code."""

import json
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator, FormatChecker

from documents.files import OPENAPI
from shop.entrypoints.security_headers import STRICT
from shop_local.paths import CHECKOUT

if TYPE_CHECKING:
    from tests.support.gateway import Response

_FORMATS: Final = FormatChecker()


@_FORMATS.checks("date-time", raises=ValueError)
def _is_utc(value: object) -> bool:
    text = str(value)
    return text.endswith("Z") and bool(datetime.fromisoformat(text))


def check(method: str, route: str, answer: "Response") -> None:
    """Fail if the document does not promise this answer."""
    said = f"{method} {route}: {answer.status} {answer.text:.500}"
    promised = _response(method, route, answer.status)
    assert promised is not None, f"undocumented status: {said}"
    assert {"x-request-id", "x-correlation-id"} <= set(answer.headers), said
    assert {name.lower() for name in STRICT} <= set(answer.headers), said
    for name, header in document()["components"]["headers"].items():
        if name.lower() in answer.headers:
            assert name in promised["headers"], f"undocumented {name}: {said}"
        elif header.get("required"):
            assert name not in promised["headers"], f"no {name}: {said}"
    if "content" not in promised:
        assert answer.text == "", f"undocumented body: {said}"
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in promised["content"], f"undocumented {media_type}: {said}"
    body = answer.json if media_type.endswith("json") else answer.text
    for error in _validator(method, route, answer.status, media_type).iter_errors(body):
        raise AssertionError(f"{error.json_path}: {error.message}: {said}")


@cache
def document() -> dict[str, Any]:
    """Read the document."""
    return dict(json.loads((CHECKOUT / OPENAPI).read_text()))


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Make a validator of a schema that refers to the document's components."""
    return Draft202012Validator(
        {**schema, "components": document()["components"]}, format_checker=_FORMATS
    )


@cache
def _validator(method: str, route: str, status: int, media_type: str) -> Draft202012Validator:
    promised = _response(method, route, status) or {}
    return validator(promised["content"][media_type]["schema"])


def _response(method: str, route: str, status: int) -> dict[str, Any] | None:
    response = document()["paths"][route][method.lower()]["responses"].get(str(status))
    if response and "$ref" in response:
        response = document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return None if response is None else dict(response)
