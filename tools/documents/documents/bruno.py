"""A collection for Bruno, from the OpenAPI document: a file an operation, with the example's request."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

_PATH_PARAMETER: Final = re.compile(r"{(\w+)}")
#: A session that is opened authorizes the requests that follow.
_KEEP_TOKEN: Final = "if (res.getStatus() === 201) bru.setVar('token', res.getBody().token);"


def files(document: Mapping[str, Any]) -> dict[Path, str]:
    """Make the collection's files, by their paths in its folder."""
    described = {"version": "1", "name": document["info"]["title"], "type": "collection"}
    made = {
        Path("bruno.json"): json.dumps(described, indent=2) + "\n",
        Path("environments/local.bru"): _block(
            "vars", ["base_url: http://localhost:4566", "token:"]
        ),
    }
    numbers: dict[str, int] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            service, _, name = operation["operationId"].partition("_")
            numbers[service] = numbers.get(service, 0) + 1
            blocks = _request(path, method, operation, numbers[service], name)
            made[Path(service) / f"{name}.bru"] = "\n".join(blocks)
    return made


def _request(
    path: str, method: str, operation: Mapping[str, Any], number: int, name: str
) -> Iterator[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    parameters = operation["parameters"]
    yield _block("meta", [f"name: {name}", "type: http", f"seq: {number}"])
    address = _PATH_PARAMETER.sub(r":\1", path)
    authorized = "security" in operation
    yield _block(
        method,
        [
            f"url: {{{{base_url}}}}{address}",
            f"body: {'json' if body else 'none'}",
            f"auth: {'bearer' if authorized else 'none'}",
        ],
    )
    for kind, where in (("params:query", "query"), ("params:path", "path"), ("headers", "header")):
        lines = [_pair(each) for each in parameters if each["in"] == where]
        if lines:
            yield _block(kind, lines)
    if authorized:
        yield _block("auth:bearer", ["token: {{token}}"])
    if body:
        yield _block("body:json", json.dumps(body["example"], indent=2).splitlines())
    if operation["operationId"] == "identity_create_session":
        yield _block("script:post-response", [_KEEP_TOKEN])
    yield _block("docs", [operation["summary"], *operation.get("description", "").splitlines()])


def _pair(parameter: Mapping[str, Any]) -> str:
    """Write a parameter; one that the example leaves out is there and switched off."""
    example = parameter.get("content", {}).get("application/json", parameter).get("example")
    text = json.dumps(example) if isinstance(example, dict | bool) else example
    return f"{'~' if example is None else ''}{parameter['name']}: {'' if text is None else text}".rstrip()


def _block(kind: str, lines: list[str]) -> str:
    content = "".join(f"  {line}\n" if line else "\n" for line in lines)
    return f"{kind} {{\n{content}}}\n"
