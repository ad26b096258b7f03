"""Responses of an endpoint for the OpenAPI document: statuses, headers, bodies and codes."""

import re
from http import HTTPStatus
from typing import Any, Final

from documents.examples import Example
from documents.schemas import REF
from shop.contracts.problems import PROBLEMS
from shop.domain.sessions import Role

PATH_PARAMETER: Final = re.compile(r"{(\w+)}")
HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": {
        "description": "What to name when reporting a problem",
        "schema": {"type": "string"},
    },
    "X-Correlation-Id": {
        "description": "The order's; otherwise the UUID that was sent as X-Correlation-Id, or a new one",
        "schema": {"type": "string", "format": "uuid"},
    },
    "ETag": {"required": True, "schema": {"type": "string"}},
    "Location": {"required": True, "schema": {"type": "string"}},
    "X-Cache": {"required": True, "schema": {"enum": ["hit", "miss"]}},
    "Idempotency-Replayed": {
        "description": "This is the answer to an earlier request with the same Idempotency-Key",
        "schema": {"const": "true"},
    },
    "X-Next-Cursor": {
        "description": "Sent as `cursor`, it asks for the next page; absent on the last",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}},
}
_ALWAYS: Final = (
    "body_too_large", "too_many_requests", "internal_error", "dependency_unavailable", "timeout",
)  # fmt: skip
#: Codes of responses with ``Retry-After``.
_COME_BACK: Final = frozenset(
    {
        "request_in_progress", "too_many_requests", "dependency_unavailable", "payment_outcome_unknown",
        "timeout",
    }
)  # fmt: skip


def responses(
    path: str,
    operation: Any,
    schemas: dict[Any, Any],
    shared: dict[str, Any],
    example: Example | None,
) -> dict[str, Any]:
    """Describe every response of an operation.

    Parameters
    ----------
    schemas : dict
        Of the contracts' types.
    shared : dict
        The document's components, which receive the responses that operations share.
    example : Example or None
        A successful answer.
    """
    described: dict[int, dict[str, Any]] = {}
    kept = _kept(operation) if operation.idempotency else frozenset()
    cached = ["ETag", "X-Cache"] if operation.conditional else []
    for status in (operation.status, *operation.further_statuses):
        names = [*operation.response_headers, *cached]
        described[status] = _response(status, names, replayed=status in kept)
        if operation.answer:
            described_as = {"schema": schemas[operation.answer]}
            if example and status == example.status and example.body is not None:
                described_as["example"] = example.body
            described[status]["content"] = {operation.media_type: described_as}
    if operation.conditional:
        described[304] = _response(304, cached)
    for status, codes in _codes(path, operation).items():
        problem = _problem(status, codes, replayed=status in kept)
        if status in described:
            content = described[status]["content"] | problem["content"]
            described[status] = problem | {"content": content}
        elif status in kept:
            described[status] = problem
        else:
            name = ".".join(codes)
            shared[name] = problem
            described[status] = {"$ref": f"#/components/responses/{name}"}
    return {str(status): response for status, response in sorted(described.items())}


def _problem(status: int, codes: list[str], *, replayed: bool) -> dict[str, Any]:
    problem = _response(status, ["Retry-After"] if _COME_BACK & {*codes} else [], replayed=replayed)
    problem["description"] += f": {', '.join(codes)}"
    schema = {"$ref": REF.format(name="Problem"), "properties": {"code": {"enum": codes}}}
    return problem | {"content": {"application/problem+json": {"schema": schema}}}


def _response(status: int, names: list[str], *, replayed: bool = False) -> dict[str, Any]:
    names = ["X-Request-Id", "X-Correlation-Id", *names]
    if replayed:
        names.append("Idempotency-Replayed")
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {"description": HTTPStatus(status).phrase, "headers": headers}


def _kept(operation: Any) -> frozenset[int]:
    """Return the statuses of final answers: the function's own, not what comes before it."""
    statuses = {PROBLEMS[code].status for code in (*operation.problems, "validation_failed")}
    return frozenset({operation.status, *(status for status in statuses if status < 500)})


def _codes(path: str, operation: Any) -> dict[int, list[str]]:
    codes = {*operation.problems, *_ALWAYS}
    names = PATH_PARAMETER.findall(path)
    codes.update(f"{name.removesuffix('_id')}_not_found" for name in names if name.endswith("_id"))
    if operation.query or operation.body:
        codes.add("validation_failed")
    if operation.body and operation.body is not bytes:
        codes.update(("invalid_json", "unsupported_media_type"))
    if operation.roles is not None:
        codes.update(("session_required", "session_expired"))
        if operation.roles != frozenset(Role):
            codes.add("forbidden")
        if operation.withheld:
            codes.add("second_factor_enrolment_required")
    if operation.idempotency:
        codes.update(("request_in_progress", "idempotency_key_reused"))
    if operation.idempotency == "required":
        codes.add("idempotency_key_required")
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return by_status
