"""The OpenAPI document, from the template's routes and the handlers' contracts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from documents import handlers
from documents.examples import FOLDER, Example
from documents.handlers import Function
from documents.links import add_links
from documents.responses import HEADERS, PATH_PARAMETER, responses
from documents.schemas import REF, of_ours, published
from shop.contracts.problem_documents import Problem

_REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "If-Match": {"description": "The ETag that was read"},
    "If-None-Match": {"description": "The ETag of the copy at hand"},
    "Stripe-Signature": {"required": True},
}


def document(checkout: Path, functions: Sequence[Function]) -> dict[str, Any]:
    """Make the document (OpenAPI 3.1)."""
    endpoints = [function for function in functions if function.route]
    operations = {function: handlers.operation(function) for function in endpoints}
    types: list[Any] = [Problem]
    for operation in operations.values():
        types += [operation.body, operation.query, operation.answer, *operation.json_query.values()]
    types = [kind for kind in dict.fromkeys(types) if kind not in (None, bytes)]
    found, components = msgspec.json.schema_components(types, ref_template=REF, schema_hook=of_ours)
    schemas = dict(zip(types, found, strict=True))
    queries = {_name(schemas[o.query]) for o in operations.values() if o.query}
    paths: dict[str, dict[str, Any]] = {}
    shared: dict[str, Any] = {}
    for function, operation in operations.items():
        method, path = function.route or ("", "")
        paths.setdefault(path, {})[method.lower()] = _operation(
            checkout, function, operation, schemas, components
        ) | {
            "responses": responses(
                path,
                operation,
                schemas,
                shared,
                Example.of(checkout / FOLDER / f"{function.title}.json"),
            )
        }
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "shop",
            "version": "0.1.0",
            "description": "Catalog, cart, checkout, inventory, payments, tracking and search. Prices are "
            "numbers with the decimals of the shop's currency; times are RFC 3339 UTC; every error is "
            "application/problem+json with a stable `code`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "../", "description": "The stage that serves this document"}],
        "tags": [{"name": service} for service in dict.fromkeys(f.service for f in endpoints)],
        "paths": paths,
        "components": {
            "schemas": {
                name: published(schema)
                for name, schema in components.items()
                if name not in queries
            },
            "responses": shared,
            "headers": HEADERS,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }
    add_links(made)
    return made


def _operation(
    checkout: Path,
    function: Function,
    operation: Any,
    schemas: dict[Any, Any],
    components: dict[str, Any],
) -> dict[str, Any]:
    _, path = function.route or ("", "")
    sample = json.loads((checkout / f"events/{function.title}.json").read_text())
    described: dict[str, Any] = {
        "operationId": function.title.replace("/", "_"),
        "tags": [function.service],
        "summary": operation.summary,
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string"} | ({"format": "uuid"} if name.endswith("_id") else {}),
                "example": sample["pathParameters"][name],
            }
            for name in PATH_PARAMETER.findall(path)
        ],
    }
    if operation.query:
        examples = sample["queryStringParameters"] or {}
        json_query = {
            name: {"schema": schemas[kind], "example": json.loads(examples[name])}
            for name, kind in operation.json_query.items()
        }
        query = components[_name(schemas[operation.query])]
        described["parameters"] += _query_parameters(query, json_query, examples)
    described["parameters"] += _header_parameters(operation, sample["headers"])
    if operation.body:
        schema, required = {"type": "object"}, True
        if operation.body is not bytes:
            schema = schemas[operation.body]
            required = bool(components[_name(schema)].get("required"))
        described["requestBody"] = {
            "required": required,
            "content": {
                "application/json": {"schema": schema, "example": json.loads(sample["body"])}
            },
        }
    if operation.roles is not None:
        described["security"] = [{"session": []}]
        roles = ", ".join(sorted(role.value for role in operation.roles))
        described["description"] = f"Roles: {roles}."
    elif "session_required" in operation.problems:
        described["security"] = [{"session": []}]
    elif operation.optional_session:
        described["security"] = [{}, {"session": []}]
    return described


def _name(schema: dict[str, str]) -> str:
    return schema["$ref"].rsplit("/", 1)[1]


def _query_parameters(
    schema: dict[str, Any], json_query: dict[str, Any], examples: dict[str, str]
) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required}
        | (
            {"content": {"application/json": json_query[name]}}
            if name in json_query
            else {"schema": published(kind)} | _example(kind, examples.get(name))
        )
        for name, kind in schema["properties"].items()
    ]


def _example(schema: dict[str, Any], sent: str | None) -> dict[str, Any]:
    """Return the value that a query string says, of the type that the schema says."""
    if sent is None:
        return {}
    kinds = {branch.get("type", "string") for branch in schema.get("anyOf", [schema])}
    return {"example": sent if "string" in kinds else json.loads(sent)}


def _header_parameters(operation: Any, examples: dict[str, str]) -> list[dict[str, Any]]:
    names = [*operation.request_headers, *(["If-None-Match"] if operation.conditional else [])]
    described = [
        {"name": name, "in": "header", **_REQUEST_HEADERS[name], "schema": {"type": "string"}}
        for name in names
    ]
    if operation.idempotency:
        described.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.idempotency == "required",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    for parameter in described:
        if parameter["name"] in examples:
            parameter["example"] = examples[parameter["name"]]
    return described
