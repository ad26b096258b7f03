"""The ``Idempotency-Key`` of the HTTP API: one run for each key, its final answer replayed."""

from collections.abc import Callable
from typing import Any, Final

from chalice.app import Request as ChaliceRequest
from chalice.app import Response

from shop.bootstrap import postgres
from shop.domain.errors import InvalidRequest, ShopError
from shop.domain.idempotency import Claim, StoredAnswer
from shop.entrypoints import parsing
from shop.entrypoints.operation import Answer, Operation, Request, encode
from shop.entrypoints.problems import problem_response, text_response

_KEY_LIMIT: Final = 255
#: The outcome is still to come: the same key asks for it again.
_ACCEPTED: Final = 202
#: Refusals that say nothing final about the request: the same key may be tried again.
_NOT_FINAL: Final = frozenset(
    {"too_many_requests", "request_in_progress", "cart_already_ordered", "internal_error"}
)


def run_once(
    received: ChaliceRequest,
    request: Request[Any, Any],
    operation: Operation,
    function: Callable[[Request[Any, Any]], Answer],
) -> Response:
    """Run an endpoint, at most once for each ``Idempotency-Key`` where one is sent.

    Raises
    ------
    InvalidRequest
        If the key is missing or malformed.
    Conflict, ShopError
        ``request_in_progress`` or ``idempotency_key_reused``.
    """
    key = _idempotency_key(received, operation)
    if key is None:
        return encode(function(request))
    subject = str(request.session.user_id) if request.session else "public"
    route = f"{received.method} {received.path}"
    content = b"%s\n%s" % (route.encode(), request.raw_body)
    digest = _digest(content, key, secret=operation.secret_body)
    records = postgres.idempotency()
    claim = records.claim(subject, route[:255], key, digest)
    if claim.answer is not None:
        headers = {**claim.answer.headers, "Idempotency-Replayed": "true"}
        return text_response(claim.answer.body, headers, claim.answer.status)
    request.resource_id = claim.resource_id
    return _carry_out(claim, request, function)


def _digest(content: bytes, key: str, *, secret: bool) -> bytes:
    if secret:
        from shop.domain.passwords import slow_digest

        return slow_digest(content, key)
    import hashlib

    return hashlib.sha256(content).digest()


def _carry_out(
    claim: Claim, request: Request[Any, Any], function: Callable[[Request[Any, Any]], Answer]
) -> Response:
    records = postgres.idempotency()
    try:
        response = encode(function(request))
    except ShopError as error:
        response = problem_response(error, request.request_id)
        if response.status_code >= 500 or error.code in _NOT_FINAL:
            records.abandon(claim)
            raise
    except Exception:
        records.abandon(claim)
        raise
    if response.status_code == _ACCEPTED:
        records.abandon(claim)
        return response
    headers = {name: str(value) for name, value in response.headers.items()}
    records.complete(claim, StoredAnswer(response.status_code, response.body, headers))
    return response


def _idempotency_key(received: ChaliceRequest, operation: Operation) -> str | None:
    if operation.idempotency is None:
        return None
    key = parsing.header(received, "idempotency-key")
    if key is None:
        if operation.idempotency == "required":
            raise InvalidRequest("Send an Idempotency-Key header.", code="idempotency_key_required")
        return None
    if not 0 < len(key) <= _KEY_LIMIT or not key.isascii() or not key.isprintable():
        raise InvalidRequest(f"An Idempotency-Key is 1 to {_KEY_LIMIT} printable ASCII characters.")
    return key
