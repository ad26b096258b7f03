"""Errors as ``application/problem+json`` (RFC 9457)."""

import msgspec

from shop.bootstrap import environment
from shop.bootstrap.settings import SettingsError
from shop.contracts.problem_documents import Problem, ProblemField, type_of
from shop.contracts.problems import PROBLEMS
from shop.domain.errors import ShopError
from shop.entrypoints.operation import Answer, Received


def problem_answer(error: ShopError, received: Received) -> Answer:
    """Turn an error into an answer.

    Parameters
    ----------
    error : ShopError
        Its code determines the status; an unknown code is a bug (500).
    received : Received
        Its request id is part of the body, so that a client's report can be matched with the logs.
    """
    kind = PROBLEMS.get(error.code) or PROBLEMS["internal_error"]
    problem = Problem(
        type=_base() + type_of(error.code),
        title=kind.title,
        status=kind.status,
        detail=error.detail,
        code=error.code,
        request_id=received.request_id,
        errors=[ProblemField(field, message) for field, message in error.errors],
    )
    headers = {"Content-Type": "application/problem+json"}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return Answer(msgspec.json.encode(problem).decode(), kind.status, headers)


def _base() -> str:
    try:
        return environment().settings.api_base
    except SettingsError:
        # The wrong settings are themselves the problem to report.
        return ""
