"""Errors as ``application/problem+json`` (RFC 9457)."""

from typing import Final

import msgspec
from chalice.app import Response

from shop.contracts.problems import PROBLEMS, Problem, ProblemField
from shop.domain.errors import ShopError

_TYPE_BASE: Final = "https://shop.example/problems/"


def problem_response(error: ShopError, request_id: str) -> Response:
    """Turn a refusal into an answer.

    Parameters
    ----------
    error : ShopError
        Its code decides the status; an unknown code is a fault of ours (500).
    request_id : str
        Repeated in the body, so that a client's report can be matched with the logs.
    """
    kind = PROBLEMS.get(error.code) or PROBLEMS["internal_error"]
    problem = Problem(
        type=_TYPE_BASE + error.code.replace("_", "-"),
        title=kind.title,
        status=kind.status,
        detail=error.detail,
        code=error.code,
        request_id=request_id,
        errors=[ProblemField(field, message) for field, message in error.errors],
    )
    headers = {"Content-Type": "application/problem+json"}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return text_response(msgspec.json.encode(problem).decode(), headers, kind.status)


def text_response(body: str, headers: dict[str, str], status: int) -> Response:
    """Make Chalice's response of a body that is text already."""
    return Response(body, {**headers}, status)
