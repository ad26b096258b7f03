"""What an endpoint declares, is asked and answers.

Structs rather than dataclasses, whose making costs every cold start a millisecond each.
"""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from chalice.app import Response

from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from shop.entrypoints import parsing
from shop.entrypoints.problems import text_response

type IdempotencyRule = Literal["required", "accepted"]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


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
    headers: dict[str, str]
    raw_body: bytes
    session: Session | None
    token: str | None
    request_id: str
    correlation_id: str
    source: str
    resource_id: UUID | None

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
    def shopper(self) -> Session:
        """The session of an endpoint that requires one."""
        if self.session is None:
            raise TypeError("this endpoint declares no roles, so it has no session")
        return self.session


class Answer(msgspec.Struct):
    """What an endpoint answers: a struct (JSON), text, or nothing."""

    body: msgspec.Struct | str | None = None
    status: int = 200
    headers: dict[str, str] = msgspec.field(default_factory=dict)


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
    roles: frozenset[Role] | None
    optional_session: bool
    idempotency: IdempotencyRule | None
    problems: tuple[str, ...]
    secret_body: bool


def encode(answer: Answer) -> Response:
    """Make Chalice's response of an answer; decimals become JSON numbers."""
    headers = dict(answer.headers)
    if isinstance(answer.body, msgspec.Struct):
        headers.setdefault("Content-Type", "application/json")
        return text_response(_ENCODER.encode(answer.body).decode(), headers, answer.status)
    return text_response(answer.body or "", headers, answer.status)
