"""The ``Idempotency-Key`` of the HTTP API: each key executes once, and its final answer is replayed."""

import hashlib
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from shop.bootstrap.idempotency import idempotency
from shop.domain.errors import InvalidRequest, ShopError
from shop.domain.idempotency import Claim, StoredAnswer
from shop.domain.passwords import hash_password, salt_of
from shop.entrypoints.operation import Answer, Function, Idempotency, Operation, Received, Request
from shop.entrypoints.problems import problem_answer

_KEY_LIMIT: Final = 255
#: The outcome is pending: the same key asks for it again.
_ACCEPTED: Final = 202
#: Refusals that are not final: the same key may be tried again.
_NOT_FINAL: Final = frozenset(
    {"too_many_requests", "request_in_progress", "cart_already_ordered", "internal_error"}
)


def _run_once(
    received: Received, request: Request[Any, Any], operation: Operation, function: Function
) -> Answer:
    """Run an endpoint, at most once per ``Idempotency-Key``.

    Raises
    ------
    InvalidRequest
        If the key is missing or malformed.
    Conflict, ShopError
        ``request_in_progress`` or ``idempotency_key_reused``.
    """
    key = _idempotency_key(received, operation)
    if key is None:
        return function(request).rendered()
    subject = str(request.session.user_id) if request.session else "public"
    route = f"{received.method} {received.route}"
    claim = idempotency().claim(
        subject, route[:255], key, _digest(received, request, operation, key)
    )
    if claim.answer is not None:
        headers = {**claim.answer.headers, "Idempotency-Replayed": "true"}
        return Answer(claim.answer.body, claim.answer.status, headers)
    request.resource_id = claim.resource_id
    return _carry_out(claim, received, request, function)


def _digest(
    received: Received, request: Request[Any, Any], operation: Operation, key: str
) -> bytes:
    """Return the digest of a request, which contains a password as its hash only.

    The hash is that of the account, too, so that a sign-up computes one; and none before it is admitted.
    """
    body = received.body
    if operation.admit_password is not None:
        operation.admit_password(received.source)
        request.password_hash = hash_password(
            request.body.password, salt_of(key, request.body.email)
        )
        body = msgspec.json.encode(replace(request.body, password=request.password_hash))
    return hashlib.sha256(f"{received.method} {received.path}\n".encode() + body).digest()


def _carry_out(
    claim: Claim, received: Received, request: Request[Any, Any], function: Function
) -> Answer:
    records = idempotency()
    try:
        answer = function(request).rendered()
    except ShopError as error:
        answer = problem_answer(error, received)
        if answer.status >= 500 or error.code in _NOT_FINAL:
            records.abandon(claim)
            raise
    except Exception:
        records.abandon(claim)
        raise
    if answer.status == _ACCEPTED:
        records.abandon(claim)
        return answer
    records.complete(claim, StoredAnswer(answer.status, str(answer.body), answer.headers))
    return answer


def _idempotency_key(received: Received, operation: Operation) -> str | None:
    key = received.headers.get("idempotency-key")
    if key is None:
        if operation.idempotency == "required":
            raise InvalidRequest("Send an Idempotency-Key header.", code="idempotency_key_required")
        return None
    if not 0 < len(key) <= _KEY_LIMIT or not key.isascii() or not key.isprintable():
        raise InvalidRequest(f"An Idempotency-Key is 1 to {_KEY_LIMIT} printable ASCII characters.")
    return key


REQUIRED: Final = Idempotency("required", _run_once)
ACCEPTED: Final = Idempotency("accepted", _run_once)
