"""HTTP endpoints: each is a Chalice app with one route, taken from the event that calls it.

``Events:`` in infra/template.yaml is the only route table, so a handler does not repeat its path.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from chalice.app import Chalice, Response
from chalice.app import Request as ChaliceRequest

from shop.bootstrap import environment
from shop.bootstrap.redis import sessions
from shop.domain.errors import ShopError, Unauthenticated
from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from shop.entrypoints import authentication, parsing
from shop.entrypoints.idempotency import run_once
from shop.entrypoints.operation import Answer, IdempotencyRule, Operation, Request
from shop.entrypoints.problems import problem_response
from shop.observability import begin_invocation, bind

__all__ = ["Answer", "Endpoint", "Request", "endpoint"]

_log = logging.getLogger(__name__)

#: What the scripts of a page on another host may read.
_EXPOSED: Final = (
    "ETag, Idempotency-Replayed, Location, Retry-After, X-Cache, X-Correlation-Id, X-Request-Id"
)


class Endpoint(Chalice):
    """A Chalice app with one view; a Lambda handler.

    Attributes
    ----------
    operation : Operation
        Its declaration.
    """

    def __init__(self, operation: Operation, view: Callable[..., Response]) -> None:
        super().__init__("shop", configure_logs=False)
        self.api.binary_types = []  # no answer is; each would be compared with twelve of them
        self.operation = operation
        self._view = view

    def serve(self, path: str, method: str) -> None:
        """Register the route; done by the first event, or by tools that read the template."""
        if method not in self.routes.get(path, {}):
            self.route(path, methods=[method], content_types=[])(self._view)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Handle an API Gateway proxy event."""
        begin_invocation(context)
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
    further_statuses: tuple[int, ...] = (),
    request_headers: tuple[str, ...] = (),
    response_headers: tuple[str, ...] = (),
    conditional: bool = False,
    json_query: dict[str, Any] | None = None,
    roles: frozenset[Role] | None = None,
    optional_session: bool = False,
    idempotency: IdempotencyRule | None = None,
    problems: tuple[str, ...] = (),
    secret_body: bool = False,
) -> Callable[[Callable[[Request[Any, Any]], Answer]], Endpoint]:
    """Make an endpoint of a function from request to answer.

    What is "for the documentation" changes nothing here; the tests hold every answer to it.

    Parameters
    ----------
    body, query, answer : struct types, optional
        The contract. A body of ``bytes`` is JSON that the function reads itself; an answer of ``dict`` is
        any JSON object, one of ``str`` a page of HTML.
    status : int
        Of the success, for the documentation.
    further_statuses : tuple of int
        Others with which the same answer is given, for the documentation.
    request_headers, response_headers : tuple of str
        Which the function reads and its success has, for the documentation.
    conditional : bool
        Whether it gives a `conditional_answer`, for the documentation.
    json_query : dict, optional
        Query parameters that are JSON, and their struct types, for the documentation.
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
            further_statuses=further_statuses,
            request_headers=request_headers,
            response_headers=response_headers,
            conditional=conditional,
            json_query=json_query or {},
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
    correlation_id = _correlation_id(parsing.header(received, "x-correlation-id"))
    # What the client can name; Lambda's own id of the invocation is on every line, too.
    bind(request_id=request_id, correlation_id=correlation_id)
    refusal: ShopError | None = None
    try:
        request = _parse(received, path, operation, request_id, correlation_id)
        response = run_once(received, request, operation, function)
    except ShopError as error:
        refusal = error
        response = problem_response(error, request_id)
    except Exception:  # noqa: BLE001 - the last resort: logged in full, answered as a problem
        _log.exception("unhandled")
        response = problem_response(ShopError("Something went wrong on our side."), request_id)
    response.headers["X-Request-Id"] = request_id
    # Where there is an order already, its endpoint has answered with the order's own.
    response.headers.setdefault("X-Correlation-Id", correlation_id)
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    response.headers.setdefault("Access-Control-Expose-Headers", _EXPOSED)
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
    _log.info("request", extra=fields)


def _parse(
    received: ChaliceRequest,
    path: dict[str, str],
    operation: Operation,
    request_id: str,
    correlation_id: str,
) -> Request[Any, Any]:
    token, session = _token(received, operation), None
    if operation.roles is not None:
        session = _authenticate(token, operation.roles)
    elif operation.optional_session and token:
        # A session that has ended is none: who wants to begin another must not be refused for it.
        with contextlib.suppress(Unauthenticated):
            session = _authenticate(token, None)
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
        source=str((received.context.get("identity") or {}).get("sourceIp") or ""),
        resource_id=None,
    )


def _authenticate(token: str | None, roles: frozenset[Role] | None) -> Session:
    digest = environment().settings.service_token_sha256
    return authentication.authenticate(sessions(), token, roles, service_token_sha256=digest)


def _token(received: ChaliceRequest, operation: Operation) -> str | None:
    """Read the bearer token; what needs none does not mind credentials of another scheme."""
    try:
        return authentication.bearer_token(received)
    except Unauthenticated:
        if operation.roles is not None:
            raise
        return None


def _correlation_id(sent: str | None) -> str:
    try:
        return str(UUID(sent)) if sent else str(new_id())
    except ValueError:
        return str(new_id())
