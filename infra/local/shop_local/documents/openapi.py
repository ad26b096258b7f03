"""The OpenAPI document, from the template's routes and the handlers' contracts."""

import re
from typing import Any, Final

import msgspec

from shop.contracts.problems import PROBLEMS, Problem
from shop_local.documents import handlers
from shop_local.functions import Function, declared

_REF: Final = "#/components/schemas/{name}"
_PATH_PARAMETER: Final = re.compile(r"{(\w+)}")


def document() -> dict[str, Any]:
    """Make the document (OpenAPI 3.1)."""
    endpoints = [function for function in declared() if function.route]
    operations = {function: handlers.operation(function) for function in endpoints}
    types: list[Any] = [Problem]
    for operation in operations.values():
        types += [kind for kind in (operation.body, operation.query, operation.answer) if kind]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    names = {
        kind: schema["$ref"].rsplit("/", 1)[1] for kind, schema in zip(types, schemas, strict=True)
    }
    queries = {names[o.query] for o in operations.values() if o.query}
    paths: dict[str, dict[str, Any]] = {}
    for function, operation in operations.items():
        method, path = function.route or ("", "")
        paths.setdefault(path, {})[method.lower()] = _operation(
            function, operation, names, components
        )
    used = {name: schema for name, schema in components.items() if name not in queries}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "shop",
            "version": "0.1.0",
            "description": "Catalog, cart, checkout, inventory, payments, tracking and search. Prices are "
            "numbers with two decimals; times are RFC 3339 UTC; every error is "
            "application/problem+json with a stable `code`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "../", "description": "The stage that serves this document"}],
        "tags": [{"name": service} for service in dict.fromkeys(f.service for f in endpoints)],
        "paths": paths,
        "components": {
            "schemas": numbers_for_decimals(used),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    function: Function, operation: Any, names: dict[Any, str], components: dict[str, Any]
) -> dict[str, Any]:
    _, path = function.route or ("", "")
    described: dict[str, Any] = {
        "operationId": function.title.replace("/", "_"),
        "tags": [function.service],
        "summary": operation.summary,
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
            for name in _PATH_PARAMETER.findall(path)
        ],
        "responses": _responses(path, operation, names),
    }
    if operation.query:
        described["parameters"] += _query_parameters(components[names[operation.query]])
    if operation.idempotency:
        described["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.idempotency == "required",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if operation.body:
        schema = {"$ref": _REF.format(name=names[operation.body])}
        described["requestBody"] = {
            "required": bool(components[names[operation.body]].get("required")),
            "content": {"application/json": {"schema": schema}},
        }
    if operation.roles is not None:
        described["security"] = [{"session": []}]
        roles = ", ".join(sorted(role.value for role in operation.roles))
        described["description"] = f"Roles: {roles}."
    elif operation.optional_session:
        described["security"] = [{}, {"session": []}]
    return described


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": numbers_for_decimals(kind),
        }
        for name, kind in schema["properties"].items()
    ]


def _responses(path: str, operation: Any, names: dict[Any, str]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done"}
    if operation.answer:
        schema = {"$ref": _REF.format(name=names[operation.answer])}
        success["content"] = {"application/json": {"schema": schema}}
    codes: dict[int, list[str]] = {}
    for code in _codes(path, operation):
        codes.setdefault(PROBLEMS[code].status, []).append(code)
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {
        str(operation.status): success,
        **{
            str(status): {"description": ", ".join(sorted(set(names))), "content": problem}
            for status, names in sorted(codes.items())
        },
    }


def _codes(path: str, operation: Any) -> list[str]:
    codes = [*operation.problems, "internal_error", "dependency_unavailable", "too_many_requests"]
    codes += [f"{name.removesuffix('_id')}_not_found" for name in _PATH_PARAMETER.findall(path)]
    if operation.query:
        codes.append("validation_failed")
    if operation.body:
        codes += ["validation_failed", "invalid_json", "body_too_large", "unsupported_media_type"]
    if operation.roles is not None:
        codes += ["session_required", "session_expired", "forbidden"]
    if operation.idempotency:
        codes += ["request_in_progress", "idempotency_key_reused"]
    if operation.idempotency == "required":
        codes.append("idempotency_key_required")
    return codes


def numbers_for_decimals(schema: Any) -> Any:
    """Amounts are JSON numbers on the wire; msgspec describes a Decimal as text."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            rest = {key: value for key, value in schema.items() if key not in ("type", "format")}
            return {"type": "number", "multipleOf": 0.01, **rest}
        return {key: numbers_for_decimals(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [numbers_for_decimals(value) for value in schema]
    return schema
