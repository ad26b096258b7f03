"""What an endpoint declares, is asked and answers.

Structs rather than dataclasses, whose making costs every cold start a millisecond each.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from shop.contracts.encoding import to_json
from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from shop.entrypoints import parsing

#: Where an endpoint's order is named: in its path, in its body, or it is about to be created.
type OrderSource = Literal["path", "body", "new"]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came, nothing checked yet.

    Attributes
    ----------
    route, path : str
        As in the template, for example ``/api/orders/{order_id}``, and as it was called.
    parameters : dict
        Of the path.
    query : mapping
        Every value of each parameter.
    headers : mapping
        By names in lower case.
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
    """A request that has been checked.

    Attributes
    ----------
    body, query
        As the endpoint declares them; None where it declares none.
    session : Session or None
        None where the endpoint asks for none, or it is optional and was not sent.
    token : str or None
        The bearer token of the session.
    resource_id : UUID or None
        The same for every attempt with one Idempotency-Key; None where none was sent.
    correlation_id : str
        The client's X-Correlation-Id if it is a UUID, or one of our own.
    source : str
        The IP address from which API Gateway received it.
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

    def id(self, name: str) -> UUID:
        """Give a path parameter that is an id; malformed ids are not found."""
        return parsing.parse_id(self.path, name)

    @property
    def new_id(self) -> UUID:
        """The id for what the request creates; with an Idempotency-Key every attempt creates the same."""
        if self.resource_id is None:
            self.resource_id = new_id()
        return self.resource_id

    @property
    def order_id(self) -> UUID:
        """The order that the request is about, from where the endpoint declares."""
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
    """What an endpoint answers: a struct (JSON), text, or nothing.

    Attributes
    ----------
    correlation_id : UUID or str or None
        The order's, where there is one; else the request's is answered.
    """

    body: msgspec.Struct | str | None = None
    status: int = 200
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    correlation_id: UUID | str | None = None

    def rendered(self) -> "Answer":
        """Give the answer with its body as text and all its headers; decimals become JSON numbers."""
        headers = dict(self.headers)
        if self.correlation_id is not None:
            headers["X-Correlation-Id"] = str(self.correlation_id)
        if isinstance(self.body, msgspec.Struct):
            headers.setdefault("Content-Type", "application/json")
            return Answer(to_json(self.body), self.status, headers)
        return Answer(self.body or "", self.status, headers)


type Function = Callable[[Request[Any, Any]], Answer]


class Access(msgspec.Struct, frozen=True):
    """Whose session an endpoint asks for; made by `shop.entrypoints.access`.

    Attributes
    ----------
    roles : frozenset of Role or None
        Who may call it; None: anybody, and a session is looked up if its token was sent.
    authenticate : callable
        Finds the session of a token and checks its role.
    """

    roles: frozenset[Role] | None
    authenticate: Callable[[str | None, frozenset[Role] | None], Session]


class Idempotency(msgspec.Struct, frozen=True):
    """Whether an ``Idempotency-Key`` is taken; made by `shop.entrypoints.idempotency`.

    Attributes
    ----------
    run_once : callable
        Runs the endpoint, at most once for each key.
    """

    rule: Literal["required", "accepted"]
    run_once: Callable[..., Answer]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint declares, for the OpenAPI document and the tests."""

    summary: str
    body: Any
    query: Any
    answer: Any
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
    secret_body: bool

    @property
    def roles(self) -> frozenset[Role] | None:
        """Who may call it; None: anybody."""
        return self.access.roles if self.access else None

    @property
    def optional_session(self) -> bool:
        """Whether a session is looked up if a token was sent."""
        return self.access is not None and self.access.roles is None

    @property
    def idempotency(self) -> str | None:
        """Whether an ``Idempotency-Key`` is required or accepted."""
        return self.once.rule if self.once else None
