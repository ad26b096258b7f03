"""The API's document as Wapiti reads it: the address of the running API, and values that reach the code."""

import json
from collections.abc import Mapping
from typing import Any, Final

#: Operations that end the session or the account that the scan uses.
_ENDING: Final = frozenset(
    {"identity_delete_account", "identity_delete_session", "identity_delete_sessions"}
)


def targets(
    document: Mapping[str, Any], api: str, ids: Mapping[str, str], *, session: bool
) -> dict[str, Any]:
    """Return a document of the same operations that sends the examples.

    Wapiti fills requests from types and defaults, which no operation accepts: an example's schema has the
    example's values as defaults.

    Parameters
    ----------
    ids : mapping
        What stands for the ids of the examples in this shop.
    session : bool
        Leave out the operations that would end it.
    """
    text = json.dumps(document["paths"])
    for example, known in ids.items():
        text = text.replace(example, known)
    paths = {
        path: {
            method: _operation(operation)
            for method, operation in methods.items()
            if not (session and operation["operationId"] in _ENDING)
        }
        for path, methods in json.loads(text).items()
    }
    return {
        "openapi": document["openapi"],
        "info": document["info"],
        "servers": [{"url": api}],
        "paths": {path: methods for path, methods in paths.items() if methods},
        "components": {"schemas": {}},
    }


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation["operationId"],
        "parameters": [_parameter(each) for each in operation["parameters"]],
        "responses": {},
    }
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        made["requestBody"] = {"content": {"application/json": {"schema": _schema(example)}}}
    return made


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: parameter[name] for name in ("name", "in") if name in parameter}
    described = parameter.get("content", {}).get("application/json", parameter)
    example = described.get("example")
    if isinstance(example, dict):
        example = json.dumps(example)
    schema = {"type": "string"} if example is None else _schema(example)
    return {**made, "required": parameter.get("required", False), "schema": schema}


def _schema(example: Any) -> dict[str, Any]:
    match example:
        case dict():
            members = {name: _schema(value) for name, value in example.items()}
            return {"type": "object", "properties": members}
        case list():
            return {"type": "array", "items": _schema(example[0]) if example else {}}
        case bool():
            return {"type": "boolean", "default": example}
        case int():
            return {"type": "integer", "default": example}
        case float():
            return {"type": "number", "default": example}
        case _:
            return {"type": "string", "default": example}
