"""Endpoints: their declarations, requests and answers.

Structs rather than dataclasses, each of which adds a millisecond to every cold start.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from shop.contracts.encoding import to_json
from shop.domain.ids import new_id
from shop.domain.sessions import PRIVILEGED, Role, Session
from shop.entrypoints import parsing

#: Where a request names its order: in the path, in the body, or as a new order.
type OrderSource = Literal["path", "body", "new"]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was received, not validated.

    Attributes
    ----------
    route, path : str
        The route's pattern, for example ``/api/orders/{order_id}``, and the requested path.
    parameters : dict
        Path parameters.
    query : mapping
        Every value of each parameter.
    headers : mapping
        Headers by lower-case name.
    """

    method: str
    route: str
    path: str
    parameters: dict[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    correlation_id: str
    source: str


class Request[Body, Query](msgspec.Struct, kw_only=True):
    """A validated request.

    Attributes
    ----------
    body, query
        As the endpoint declares them; None if it declares none.
    session : Session or None
        None if the endpoint requires none and none was sent.
    token : str or None
        The bearer token of the session.
    resource_id : UUID or None
        The same for every attempt with one Idempotency-Key; None if none was sent.
    correlation_id : str
        The client's X-Correlation-Id if it is a UUID, otherwise a new one.
    source : str
        The client's IP address, as reported by API Gateway.
    password_hash : str or None
        Hash of the body's password, if its comparison with an earlier request needed one.
    """

    body: Body
    query: Query
    path: dict[str, str]
    headers: Mapping[str, str]
    session: Session | None
    token: str | None
    correlation_id: str
    source: str
    order: OrderSource | None
    resource_id: UUID | None = None
    password_hash: str | None = None

    def id(self, name: str) -> UUID:
        """Return a path parameter as an id; raise `NotFound` if it is malformed."""
        return parsing.parse_id(self.path, name)

    @property
    def new_id(self) -> UUID:
        """Return the id for what the request creates; the same for every attempt with one Idempotency-Key."""
        if self.resource_id is None:
            self.resource_id = new_id()
        return self.resource_id

    @property
    def order_id(self) -> UUID:
        """The id of the request's order, from the place that the endpoint declares."""
        match self.order:
            case "path":
                return self.id("order_id")
            case "body":
                named: UUID = self.body.order_id  # type: ignore[attr-defined]
                return named
            case "new":
                return self.new_id
        raise TypeError("this endpoint declares no order")

    @property
    def shopper(self) -> Session:
        """The session of an endpoint that requires one."""
        if self.session is None:
            raise TypeError("this endpoint declares no access, so it has no session")
        return self.session


class Answer(msgspec.Struct):
    """The answer of an endpoint: a struct (JSON), text, or nothing.

    Attributes
    ----------
    correlation_id : UUID or str or None
        The order's correlation id; None answers with the request's.
    """

    body: msgspec.Struct | str | None = None
    status: int = 200
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    correlation_id: UUID | str | None = None

    def rendered(self) -> "Answer":
        """Return the answer with its body as text and all headers; decimals become JSON numbers."""
        headers = dict(self.headers)
        if self.correlation_id is not None:
            headers["X-Correlation-Id"] = str(self.correlation_id)
        if isinstance(self.body, msgspec.Struct):
            headers.setdefault("Content-Type", "application/json")
            return Answer(to_json(self.body), self.status, headers)
        return Answer(self.body or "", self.status, headers)


type Function = Callable[[Request[Any, Any]], Answer]


class Access(msgspec.Struct, frozen=True):
    """The sessions that may call an endpoint; created by `shop.entrypoints.access`.

    Attributes
    ----------
    roles : frozenset of Role or None
        Roles that may call it; None: no session is required, and one is looked up if a token was sent.
    link_parameter : str or None
        Query parameter with the token of a link, in place of a session.
    authenticate : callable
        Finds the session of a token and checks its role.
    enrolling : bool
        Whether a session whose role is withheld counts as one of that role.
    """

    roles: frozenset[Role] | None
    authenticate: Callable[[str | None, frozenset[Role] | None], Session]
    link_parameter: str | None = None
    enrolling: bool = False


class Idempotency(msgspec.Struct, frozen=True):
    """Whether an ``Idempotency-Key`` is required or accepted; created by `shop.entrypoints.idempotency`.

    Attributes
    ----------
    run_once : callable
        Runs the endpoint at most once per key.
    """

    rule: Literal["required", "accepted"]
    run_once: Callable[..., Answer]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of an endpoint, also for the OpenAPI document and the tests."""

    summary: str
    body: Any
    query: Any
    answer: Any
    media_type: str
    status: int
    further_statuses: tuple[int, ...]
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]
    conditional: bool
    json_query: dict[str, Any]
    access: Access | None
    once: Idempotency | None
    order: OrderSource | None
    problems: tuple[str, ...]
    admit_password: Callable[[str], None] | None

    @property
    def roles(self) -> frozenset[Role] | None:
        """Roles that may call it; None if no session is required."""
        return self.access.roles if self.access else None

    @property
    def optional_session(self) -> bool:
        """Whether a session is looked up if a token was sent, or not needed with the token of a link."""
        return self.access is not None and (
            self.access.roles is None or self.access.link_parameter is not None
        )

    @property
    def withheld(self) -> bool:
        """Whether a session whose role is withheld is refused for that reason."""
        return (
            self.access is not None
            and not self.access.enrolling
            and self.access.roles is not None
            and Role.CUSTOMER not in self.access.roles
            and not PRIVILEGED.isdisjoint(self.access.roles)
        )

    @property
    def idempotency(self) -> str | None:
        """Whether an ``Idempotency-Key`` is required or accepted."""
        return self.once.rule if self.once else None
