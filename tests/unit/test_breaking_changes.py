"""No change of the API breaks a client of the last release."""

import copy
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from documents.breaking import breaking
from documents.files import OPENAPI, RELEASED, release
from shop_local.paths import CHECKOUT

type _Change = Callable[[Any], object]

_THING: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 60},
        "count": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["book", "game"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
    },
    "required": ["name", "kind"],
}
_ASK: Final[dict[str, Any]] = {
    **json.loads(json.dumps(_THING).replace("Thing", "Ask")),
    "additionalProperties": False,
}
_DOCUMENT: Final[dict[str, Any]] = {
    "paths": {
        "/things": {
            "post": {
                "parameters": [
                    {"name": "page", "in": "query", "required": False,
                     "schema": {"type": "integer", "maximum": 100}},
                    {"name": "Idempotency-Key", "in": "header", "required": False,
                     "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}},
                },
                "responses": {
                    "201": {
                        "headers": {"ETag": {}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        },
                    },
                    "404": {"$ref": "#/components/responses/Missing"},
                },
            },
        },
    },
    "components": {
        "schemas": {"Thing": _THING, "Ask": _ASK},
        "responses": {
            "Missing": {
                "headers": {},
                "content": {
                    "application/problem+json": {
                        "schema": {"properties": {"code": {"enum": ["thing_not_found"]}}}
                    }
                },
            }
        },
    },
}  # fmt: skip


def _post(document: Any) -> Any:
    return document["paths"]["/things"]["post"]


def _ask(document: Any) -> Any:
    return document["components"]["schemas"]["Ask"]


def _thing(document: Any) -> Any:
    return document["components"]["schemas"]["Thing"]


def _changed(change: _Change) -> list[str]:
    document = copy.deepcopy(_DOCUMENT)
    change(document)
    return breaking(_DOCUMENT, document)


_BREAKING: Final[dict[str, tuple[_Change, str]]] = {
    "path removed": (lambda d: d["paths"].clear(), "POST /things is gone"),
    "method removed": (lambda d: d["paths"]["/things"].clear(), "POST /things is gone"),
    "session required": (
        lambda d: _post(d).update(security=[{"session": []}]),
        "a session has become necessary",
    ),
    "parameter removed": (lambda d: _post(d)["parameters"].pop(0), "query page is gone"),
    "parameter required": (
        lambda d: _post(d)["parameters"][0].update(required=True),
        "query page has become required",
    ),
    "header required": (
        lambda d: _post(d)["parameters"].append(
            {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
        ),
        "header If-Match is new and required",
    ),
    "parameter narrowed": (
        lambda d: _post(d)["parameters"][0]["schema"].update(maximum=50),
        "query page: maximum was 100 and is 50",
    ),
    "body removed": (lambda d: _post(d).pop("requestBody"), "the body is gone"),
    "body required": (
        lambda d: _post(d)["requestBody"].update(required=True),
        "the body has become required",
    ),
    "media type of the body removed": (
        lambda d: _post(d)["requestBody"]["content"].clear(),
        "the body may no longer be application/json",
    ),
    "field of a request removed": (
        lambda d: _ask(d)["properties"].pop("count"),
        "body.count is gone",
    ),
    "field of a request required": (
        lambda d: _ask(d)["required"].append("count"),
        "body.count has become required",
    ),
    "type of a request narrowed": (
        lambda d: _ask(d)["properties"].update(note={"type": "string"}),
        "body.note: type was ['null'] and is ['string']",
    ),
    "enum of a request narrowed": (
        lambda d: _ask(d)["properties"]["kind"]["enum"].pop(),
        "body.kind: enum was ['book', 'game'] and is ['book']",
    ),
    "free text limited to an enum": (
        lambda d: _ask(d)["properties"].update(name={"enum": ["x"]}),
        "body.name: enum was none and is ['x']",
    ),
    "text of a request shortened": (
        lambda d: _ask(d)["properties"]["name"].update(maxLength=20),
        "body.name: maxLength was 60 and is 20",
    ),
    "pattern added to a request": (
        lambda d: _ask(d)["properties"]["name"].update(pattern="^a"),
        "body.name: pattern was none and is ^a",
    ),
    "success removed": (
        lambda d: _post(d)["responses"].update({"200": _post(d)["responses"].pop("201")}),
        "status 201 is gone",
    ),
    "header of an answer removed": (
        lambda d: _post(d)["responses"]["201"]["headers"].clear(),
        "201 has lost the header ETag",
    ),
    "media type of an answer removed": (
        lambda d: _post(d)["responses"]["201"]["content"].clear(),
        "201 is no longer application/json",
    ),
    "field of an answer removed": (
        lambda d: _thing(d)["properties"].pop("count"),
        "201.count is gone",
    ),
    "field of an answer optional": (
        lambda d: _thing(d)["required"].remove("name"),
        "201.name may be missing",
    ),
    "type of an answer widened": (
        lambda d: _thing(d)["properties"].update(
            count={"anyOf": [{"type": "integer"}, {"type": "null"}]}
        ),
        "201.count: type was ['integer'] and is ['null']",
    ),
    "field within a list removed": (
        lambda d: _thing(d)["properties"]["parts"].update(items={"type": "string"}),
        "201.parts[]: type was ['object'] and is ['string']",
    ),
    "status of a problem changed": (
        lambda d: _post(d)["responses"].update({"410": _post(d)["responses"].pop("404")}),
        "thing_not_found was 404 and is 410",
    ),
}


@pytest.mark.parametrize(("change", "said"), _BREAKING.values(), ids=_BREAKING)
def test_what_breaks_a_client(change: _Change, said: str) -> None:
    assert any(problem.endswith(said) for problem in _changed(change)), _changed(change)


_COMPATIBLE: Final[dict[str, _Change]] = {
    "nothing": lambda d: None,
    "another path": lambda d: d["paths"].update({"/others": {"get": {}}}),
    "an optional parameter": lambda d: _post(d)["parameters"].append(
        {"name": "sort", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "an optional field of a request": lambda d: _ask(d)["properties"].update(x={"type": "string"}),
    "a field of a request no longer required": lambda d: _ask(d)["required"].clear(),
    "another value of a request": lambda d: _ask(d)["properties"]["kind"]["enum"].append("toy"),
    "a wider type of a request": lambda d: _ask(d)["properties"].update(count={"type": "number"}),
    "another field of an answer": lambda d: _thing(d)["properties"].update(x={"type": "string"}),
    "another value of an answer": lambda d: _thing(d)["properties"]["kind"]["enum"].append("toy"),
    "a narrower answer": lambda d: _thing(d)["properties"]["name"].update(maxLength=20),
    "another problem": lambda d: _post(d)["responses"].update({"409": {"headers": {}}}),
}


@pytest.mark.parametrize("change", _COMPATIBLE.values(), ids=_COMPATIBLE)
def test_what_a_client_does_not_notice(change: _Change) -> None:
    assert _changed(change) == []


def test_nothing_breaks_a_client_of_the_last_release() -> None:
    """A change that is meant to waits for a release: `make release-contract`, see docs/contract.md."""
    released = json.loads((CHECKOUT / RELEASED).read_text())
    assert breaking(released, json.loads((CHECKOUT / OPENAPI).read_text())) == []


def test_a_release_replaces_the_baseline(tmp_path: Any) -> None:
    for path in (OPENAPI, RELEASED):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / OPENAPI).write_text((CHECKOUT / OPENAPI).read_text())
    release(tmp_path)
    released = json.loads((tmp_path / RELEASED).read_text())
    assert breaking(released, json.loads((CHECKOUT / OPENAPI).read_text())) == []
    assert '"example"' not in (tmp_path / RELEASED).read_text()
