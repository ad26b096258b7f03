"""HTTP endpoints: each is a Chalice app with one route, taken from the event that calls it.

``Events:`` in infra/template.yaml is the only route table, so a handler does not repeat its path.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from chalice.app import Chalice, ConvertToMiddleware, Response
from chalice.app import Request as ChaliceRequest

from shop import bootstrap
from shop.domain.errors import InvalidRequest, ShopError
from shop.domain.ids import new_id
from shop.domain.passwords import slow_digest
from shop.domain.sessions import Role, Session
from shop.entrypoints import authentication, parsing
from shop.entrypoints.problems import problem_response, text_response
from shop.observability import logger
from shop.services.ports.idempotency import Claim, StoredAnswer

type IdempotencyRule = Literal["required", "accepted"]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_KEY_LIMIT: Final = 255
#: The outcome is still to come: the same key asks for it again.
_ACCEPTED: Final = 202
#: Refusals that say nothing final about the request: the same key may be tried again.
_NOT_FINAL: Final = frozenset({"too_many_requests", "request_in_progress", "internal_error"})


@dataclass(slots=True, kw_only=True)
class Request[Body, Query]:
    """A request that has been checked.

    Attributes
    ----------
    body, query
        As the endpoint declares them; None where it declares none.
    session : Session or None
        None where the endpoint asks for none, or it is optional and was not sent.
    token : str or None
        The bearer token of the session.
    resource_id : UUID
        The id for what the request creates: the same for every attempt with one Idempotency-Key.
    correlation_id : str
        The client's X-Correlation-Id if it is a UUID, or one of our own.
    """

    body: Body
    query: Query
    path: dict[str, str]
    headers: dict[str, str]
    raw_body: bytes
    session: Session | None
    token: str | None
    request_id: str
    correlation_id: str
    resource_id: UUID

    def id(self, name: str) -> UUID:
        """Give a path parameter that is an id; malformed ids are not found."""
        return parsing.parse_id(self.path, name)

    @property
    def shopper(self) -> Session:
        """The session of an endpoint that requires one."""
        if self.session is None:
            raise TypeError("this endpoint declares no roles, so it has no session")
        return self.session


@dataclass(slots=True)
class Answer:
    """What an endpoint answers: a struct (JSON), text, or nothing."""

    body: msgspec.Struct | str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What an endpoint declares, for the OpenAPI document and the tests."""

    summary: str
    body: Any
    query: Any
    answer: Any
    status: int
    roles: frozenset[Role] | None
    optional_session: bool
    idempotency: IdempotencyRule | None
    problems: tuple[str, ...]
    secret_body: bool


class Endpoint(Chalice):
    """A Chalice app with one view; a Lambda handler.

    Attributes
    ----------
    operation : Operation
        Its declaration.
    """

    def __init__(self, operation: Operation, view: Callable[..., Response]) -> None:
        super().__init__("shop", configure_logs=False)
        self.operation = operation
        self._view = view
        self.register_middleware(
            ConvertToMiddleware(logger().inject_lambda_context(clear_state=True))
        )

    def serve(self, path: str, method: str) -> None:
        """Register the route; done by the first event, or by tools that read the template."""
        if method not in self.routes.get(path, {}):
            self.route(path, methods=[method], content_types=[])(self._view)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Handle an API Gateway proxy event."""
        request_context = event["requestContext"]
        self.serve(request_context["resourcePath"], request_context["httpMethod"])
        answer: dict[str, Any] = super().__call__(event, context)
        return answer


def endpoint(
    *,
    body: Any = None,
    query: Any = None,
    answer: Any = None,
    status: int = 200,
    roles: frozenset[Role] | None = None,
    optional_session: bool = False,
    idempotency: IdempotencyRule | None = None,
    problems: tuple[str, ...] = (),
    secret_body: bool = False,
) -> Callable[[Callable[[Request[Any, Any]], Answer]], Endpoint]:
    """Make an endpoint of a function from request to answer.

    Parameters
    ----------
    body, query, answer : struct types, optional
        The contract.
    status : int
        Of the success, for the documentation.
    roles : frozenset of Role, optional
        Who may call it; None: anybody, and no session is looked up.
    optional_session : bool
        Look the session up if a token was sent.
    idempotency : "required" or "accepted", optional
        Whether an ``Idempotency-Key`` must or may be sent.
    problems : tuple of str
        Codes beyond those that every endpoint can answer with, for the documentation.
    secret_body : bool
        The body holds a password: its digest beside an ``Idempotency-Key`` is made as slowly as the
        password's own.
    """

    def decorate(function: Callable[[Request[Any, Any]], Answer]) -> Endpoint:
        operation = Operation(
            summary=(function.__doc__ or "").strip().partition("\n")[0],
            body=body,
            query=query,
            answer=answer,
            status=status,
            roles=roles,
            optional_session=optional_session,
            idempotency=idempotency,
            problems=problems,
            secret_body=secret_body,
        )

        def view(**path: str) -> Response:
            received = app.current_request
            if received is None:
                raise RuntimeError("Chalice calls a view with its request set")
            return _respond(received, path, operation, function)

        app = Endpoint(operation, view)
        return app

    return decorate


def _respond(
    received: ChaliceRequest,
    path: dict[str, str],
    operation: Operation,
    function: Callable[[Request[Any, Any]], Answer],
) -> Response:
    request_id = str(received.context.get("requestId", ""))
    refusal: ShopError | None = None
    try:
        request = _parse(received, path, operation, request_id)
        response = _run(received, request, operation, function)
    except ShopError as error:
        refusal = error
        response = problem_response(error, request_id)
    except Exception:  # noqa: BLE001 - the last resort: logged in full, answered as a problem
        logger().exception("unhandled")
        response = problem_response(ShopError("Something went wrong on our side."), request_id)
    response.headers["X-Request-Id"] = request_id
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    _log_request(received, response.status_code, refusal)
    return response


def _log_request(received: ChaliceRequest, status: int, refusal: ShopError | None) -> None:
    """Write the one line a request that its cost is joined to."""
    fields: dict[str, Any] = {
        "method": received.method,
        "route": received.context.get("resourcePath"),
        "status": status,
    }
    if refusal is not None:
        fields |= {"code": refusal.code, "detail": refusal.detail}
    logger().info("request", extra=fields)


def _parse(
    received: ChaliceRequest, path: dict[str, str], operation: Operation, request_id: str
) -> Request[Any, Any]:
    token = authentication.bearer_token(received)
    session = None
    if operation.roles is not None or (operation.optional_session and token):
        session = authentication.authenticate(bootstrap.container(), token, operation.roles)
    correlation_id = _correlation_id(parsing.header(received, "x-correlation-id"))
    logger().append_keys(correlation_id=correlation_id)
    return Request(
        body=parsing.parse_body(received, operation.body) if operation.body else None,
        query=parsing.parse_query(received, operation.query) if operation.query else None,
        path=path,
        headers=dict(received.headers),
        raw_body=parsing.raw_body(received),
        session=session,
        token=token,
        request_id=request_id,
        correlation_id=correlation_id,
        resource_id=new_id(),
    )


def _run(
    received: ChaliceRequest,
    request: Request[Any, Any],
    operation: Operation,
    function: Callable[[Request[Any, Any]], Answer],
) -> Response:
    key = _idempotency_key(received, operation)
    if key is None:
        return _encode(function(request))
    subject = str(request.session.user_id) if request.session else "public"
    route = f"{received.method} {received.path}"
    content = b"%s\n%s" % (route.encode(), request.raw_body)
    digest = (
        slow_digest(content, key) if operation.secret_body else hashlib.sha256(content).digest()
    )
    records = bootstrap.container().idempotency
    claim = records.claim(subject, route[:255], key, digest)
    if claim.answer is not None:
        headers = {**claim.answer.headers, "Idempotency-Replayed": "true"}
        return text_response(claim.answer.body, headers, claim.answer.status)
    request.resource_id = claim.resource_id
    return _carry_out(claim, request, function)


def _carry_out(
    claim: Claim, request: Request[Any, Any], function: Callable[[Request[Any, Any]], Answer]
) -> Response:
    records = bootstrap.container().idempotency
    try:
        response = _encode(function(request))
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


def _encode(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if isinstance(answer.body, msgspec.Struct):
        headers.setdefault("Content-Type", "application/json")
        return text_response(_ENCODER.encode(answer.body).decode(), headers, answer.status)
    return text_response(answer.body or "", headers, answer.status)


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


def _correlation_id(sent: str | None) -> str:
    try:
        return str(UUID(sent)) if sent else str(new_id())
    except ValueError:
        return str(new_id())
