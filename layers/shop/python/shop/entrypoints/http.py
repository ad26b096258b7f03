"""HTTP endpoints: each is a Chalice app with one route, registered from the event that calls it.

``Events:`` in infra/template.yaml is the only route table, so a handler does not repeat its path. Only this
module uses Chalice; the others use `Received`, `Request` and `Answer`.
"""

import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from chalice.app import Chalice, Response
from chalice.app import Request as ChaliceRequest

from shop.bootstrap import environment, prepare
from shop.bootstrap.settings import SettingsError
from shop.domain.errors import ShopError, Unauthenticated
from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from shop.entrypoints import parsing
from shop.entrypoints.invocation import invocation, summarise
from shop.entrypoints.operation import (
    Access,
    Answer,
    Function,
    Idempotency,
    Operation,
    OrderSource,
    Received,
    Request,
)
from shop.entrypoints.problems import problem_answer
from shop.entrypoints.security_headers import STRICT
from shop.observability import bind

__all__ = ["Answer", "Endpoint", "Request", "endpoint"]

_log = logging.getLogger(__name__)

#: Headers that scripts of other origins may read (CORS).
_EXPOSED: Final = (
    "ETag, Idempotency-Replayed, Location, Retry-After, X-Cache, X-Correlation-Id, X-Next-Cursor,"
    " X-Request-Id"
)


class Endpoint(Chalice):
    """A Chalice app with one view; a Lambda handler.

    Attributes
    ----------
    operation : Operation
        Its declaration.
    """

    def __init__(self, operation: Operation, function: Function) -> None:
        super().__init__("shop", configure_logs=False)
        self.api.binary_types = []  # no answer is; each would be compared with twelve of them
        self.operation = operation
        self._function = function

    def serve(self, path: str, method: str) -> None:
        """Register the route; called for the first event, or by tools that read the template."""
        if method not in self.routes.get(path, {}):
            self.route(path, methods=[method], content_types=[])(self._view)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Handle an API Gateway proxy event."""
        sent = APIGatewayProxyEvent(event).request_context
        self.serve(sent.resource_path, sent.http_method)
        with invocation("endpoint", context, method=sent.http_method, route=sent.resource_path):
            answer: dict[str, Any] = super().__call__(event, context)
            summarise(status=answer["statusCode"])
        return answer

    def _view(self, **parameters: str) -> Response:
        if self.current_request is None:
            raise RuntimeError("Chalice calls a view with its request set")
        answer = _respond(
            _received(self.current_request, parameters), self.operation, self._function
        )
        return Response(answer.body, {**answer.headers}, answer.status)


def endpoint(
    *,
    body: Any = None,
    query: Any = None,
    answer: Any = None,
    media_type: str | None = None,
    status: int = 200,
    further_statuses: tuple[int, ...] = (),
    request_headers: tuple[str, ...] = (),
    response_headers: tuple[str, ...] = (),
    conditional: bool = False,
    json_query: dict[str, Any] | None = None,
    access: Access | None = None,
    idempotency: Idempotency | None = None,
    order: OrderSource | None = None,
    problems: tuple[str, ...] = (),
    admit_password: Callable[[str], None] | None = None,
) -> Callable[[Function], Endpoint]:
    """Turn a function from request to answer into an endpoint.

    Parameters marked "for the documentation" have no effect here; the tests check every response against
    them.

    Parameters
    ----------
    body, query, answer : struct types, optional
        The contract. A body of ``bytes`` is JSON that the function parses itself; an answer of ``dict`` is
        any JSON object, one of ``str`` text.
    media_type : str, optional
        Of the answer, for the documentation; by default that of JSON, or of HTML if it is text.
    status : int
        Status of the success, for the documentation.
    further_statuses : tuple of int
        Other statuses with the same body, for the documentation.
    request_headers, response_headers : tuple of str
        Headers that the function reads, and headers of the success, for the documentation.
    conditional : bool
        Whether it returns a `conditional_answer`, for the documentation.
    json_query : dict, optional
        Query parameters that are JSON, and their struct types, for the documentation.
    access : Access, optional
        From `shop.entrypoints.access`: the sessions that may call it. None: no session is required or looked
        up.
    idempotency : Idempotency, optional
        From `shop.entrypoints.idempotency`: whether an ``Idempotency-Key`` is required or accepted.
    order : "path", "body" or "new", optional
        Where the request names its order, for the log lines and `Request.order_id`.
    problems : tuple of str
        Codes beyond those that every endpoint can return, for the documentation.
    admit_password : callable, optional
        Of an endpoint whose body contains a password and that accepts an ``Idempotency-Key``: raises if the
        source may not have a password hashed. The digest stored with the key contains that hash.
    """

    def decorate(function: Function) -> Endpoint:
        operation = Operation(
            summary=(function.__doc__ or "").strip().partition("\n")[0],
            body=body,
            query=query,
            answer=answer,
            media_type=media_type or ("text/html" if answer is str else "application/json"),
            status=status,
            further_statuses=further_statuses,
            request_headers=request_headers,
            response_headers=response_headers,
            conditional=conditional,
            json_query=json_query or {},
            access=access,
            once=idempotency,
            order=order,
            problems=problems,
            admit_password=admit_password,
        )
        prepare()
        parsing.prepare(body, *operation.json_query.values())
        return Endpoint(operation, function)

    return decorate


def _received(request: ChaliceRequest, parameters: dict[str, str]) -> Received:
    event = APIGatewayProxyEvent(request.to_original_event())
    values, body = request.query_params, request.raw_body
    return Received(
        method=request.method,
        route=event.request_context.resource_path,
        path=event.path,
        parameters=parameters,
        query={name: values.getlist(name) for name in values} if values else {},
        headers=dict(request.headers),
        body=body if isinstance(body, bytes) else body.encode(),
        request_id=event.request_context.request_id or "",
        source=event.request_context.identity.source_ip or "",
        correlation_id=_correlation_id(request.headers.get("x-correlation-id")),
    )


def _respond(received: Received, operation: Operation, function: Function) -> Answer:
    # The id that the client sees; every line also has Lambda's id of the invocation.
    bind(request_id=received.request_id, correlation_id=received.correlation_id)
    if "x-correlation-id" in received.headers:
        # An order's own id replaces it on the lines about that order.
        summarise(client_correlation_id=received.correlation_id)
    try:
        request = _parse(received, operation)
        if operation.once:
            answer = operation.once.run_once(received, request, operation, _followed(function))
        else:
            answer = _followed(function)(request).rendered()
    except ShopError as refusal:
        summarise(outcome=refusal.code, detail=refusal.detail)
        answer = problem_answer(refusal, received)
    except SettingsError as error:
        _log.exception("settings are wrong")
        detail = f"The service is not set up: {', '.join(error.names)}."
        answer = problem_answer(ShopError(detail), received)
        summarise(outcome="internal_error", detail=detail)
    except Exception:  # noqa: BLE001 - the last resort: logged, answered as a problem
        _log.exception("unhandled")
        answer = problem_answer(ShopError("Something went wrong on our side."), received)
        summarise(outcome="internal_error")
    headers = {
        **STRICT,
        "X-Correlation-Id": received.correlation_id,
        "Access-Control-Allow-Origin": _allowed_origin(),
        "Access-Control-Expose-Headers": _EXPOSED,
        # An order's correlation id takes precedence over the request's.
        **answer.headers,
        "X-Request-Id": received.request_id,
    }
    return Answer(answer.body, answer.status, headers)


def _allowed_origin() -> str:
    try:
        return environment().settings.allowed_origin
    except SettingsError:
        # The answer that names the wrong settings is for no script.
        return "null"


def _followed(function: Function) -> Function:
    """Bind the ids of the request's order to the log lines."""

    def follow(request: Request[Any, Any]) -> Answer:
        if request.order:
            bind(order_id=str(request.order_id))
        answer = function(request)
        if answer.correlation_id is not None:
            bind(correlation_id=str(answer.correlation_id))
        return answer

    return follow


def _parse(received: Received, operation: Operation) -> Request[Any, Any]:
    parsing.check_size(received)
    token, session = _session(received, operation.access)
    return Request(
        body=parsing.parse_body(received, operation.body) if operation.body else None,
        query=parsing.parse_query(received, operation.query) if operation.query else None,
        path=received.parameters,
        headers=received.headers,
        session=session,
        token=token,
        correlation_id=received.correlation_id,
        source=received.source,
        order=operation.order,
    )


def _session(received: Received, access: Access | None) -> tuple[str | None, Session | None]:
    """Return the token and its session; if the session is optional, an invalid token is ignored."""
    required = access is not None and access.roles is not None
    token = None
    if access is not None and access.link_parameter in received.query:
        # The endpoint checks the link.
        return None, None
    try:
        token = parsing.bearer_token(received)
        if access is not None and (required or token):
            session = access.authenticate(token, access.roles)
            _name_user(session)
            return token, session
    except Unauthenticated:
        if required:
            raise
    return token, None


def _name_user(session: Session) -> None:
    """Have the invocation's line name the session's user, which other services are not."""
    if session.role is not Role.SERVICE:
        summarise(user_id=str(session.user_id))


def _correlation_id(sent: str | None) -> str:
    try:
        return str(UUID(sent)) if sent else str(new_id())
    except ValueError:
        return str(new_id())
