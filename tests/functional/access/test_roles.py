"""Every route, called by everybody: who may not call it is refused before anything else is done."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from shop.domain.ids import new_id
from shop.domain.sessions import PRIVILEGED, Role, Session
from shop.entrypoints.operation import Operation
from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT
from tests.support import databases
from tests.support.access import OWNED, ROUTES, SHARED
from tests.support.builders import add_categories
from tests.support.containers import NO_BROKER, Container, container_for
from tests.support.gateway import load_module
from tests.support.orders import OrderingShop
from tests.support.people import SERVICE_TOKEN, SERVICE_TOKEN_SHA256, token_of

#: Codes of requests that are refused for who sends them.
_REFUSALS: Final = frozenset({"session_required", "session_expired", "forbidden"})
#: What a session may call whose role is withheld until its account has a second factor.
_ENROLMENT: Final = frozenset(
    {"POST /api/customers/me/second-factor", "POST /api/customers/me/second-factor/confirm"}
)
_ENDPOINTS: Final = [function for function in declared() if function.route]


def _line(function: Function) -> str:
    assert function.route is not None
    return " ".join(function.route)


def _operation(function: Function) -> Operation:
    operation: Operation = load_module(function.title).handler.operation
    return operation


@pytest.fixture(scope="module")
def shop(database_server: str, database_template: str, redis_url: str) -> Iterator[OrderingShop]:
    """A shop that other services may call; all tests share it, as they open sessions of their own."""
    with (
        databases.copy_of(database_server, database_template) as database,
        container_for(
            database, redis_url, NO_BROKER, service_token_sha256=SERVICE_TOKEN_SHA256
        ) as container,
    ):
        container.redis.flushall()
        add_categories(container.database)
        yield OrderingShop(container)


def _expired(container: Container) -> str:
    token = token_of(container, Role.STAFF)
    container.sessions.close(token)
    return token


def _callers(container: Container) -> dict[str, tuple[str | None, Role | None, str]]:
    """Map each caller to the header sent, the role, and the code of the refusal where a session is needed."""
    tokens = {role.value: token_of(container, role) for role in Role if role is not Role.SERVICE}
    return {
        **{name: (f"Bearer {token}", Role(name), "forbidden") for name, token in tokens.items()},
        # Functions that services may not call do not know their tokens.
        "service": (f"Bearer {SERVICE_TOKEN}", Role.SERVICE, "session_expired"),
        "nobody": (None, None, "session_required"),
        "expired": (f"Bearer {_expired(container)}", None, "session_expired"),
        "garbage": ("Bearer no-such-token", None, "session_expired"),
        "other scheme": (f"Basic {tokens['staff']}", None, "session_required"),
        "empty token": ("Bearer ", None, "session_required"),
        "oversized token": (f"Bearer {'x' * 600}", None, "session_required"),
    }


def _event(function: Function, authorization: str | None) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((CHECKOUT / f"events/{function.title}.json").read_text())
    for headers in (event["headers"], event["multiValueHeaders"]):
        headers.pop("Authorization", None)
    if authorization is not None:
        event["headers"]["Authorization"] = authorization
        event["multiValueHeaders"]["Authorization"] = [authorization]
    # The token of a link takes the place of a session; see test_links_of_others.
    event["queryStringParameters"] = event["multiValueQueryStringParameters"] = None
    return event


def _code(answer: dict[str, Any]) -> str | None:
    if answer["statusCode"] < 400:
        return None
    code: str = json.loads(answer["body"])["code"]
    return code


def test_the_table_equals_the_declarations() -> None:
    found = {_line(function): _operation(function).roles for function in _ENDPOINTS}
    assert found == ROUTES


def test_every_path_parameter_is_known_as_owned_or_shared() -> None:
    named = {name for line in ROUTES for name in re.findall(r"{(\w+)}", line)}
    assert named <= OWNED | SHARED


@pytest.mark.parametrize("function", _ENDPOINTS, ids=_line)
def test_a_route_answers_those_whom_the_table_names_and_nobody_else(
    function: Function, shop: OrderingShop
) -> None:
    allowed = ROUTES[_line(function)]
    for caller, (header, role, refusal) in _callers(shop.container).items():
        answer = shop.invoke(function.title, _event(function, header))
        code = _code(answer)
        if allowed is not None and role not in allowed:
            expected = (403 if refusal == "forbidden" else 401, refusal)
            assert (answer["statusCode"], code) == expected, caller
        elif function.name == "delete_session":
            # It ends whatever token is sent, and looks none up.
            assert code == (refusal if refusal == "session_required" else None), caller
        else:
            assert code not in _REFUSALS, caller
            assert answer["statusCode"] < 500 or code == "dependency_unavailable", caller


@pytest.mark.parametrize("function", _ENDPOINTS, ids=_line)
def test_a_session_whose_role_is_withheld_may_enrol_and_do_what_a_customer_may(
    function: Function, shop: OrderingShop
) -> None:
    allowed = ROUTES[_line(function)]
    for role in sorted(PRIVILEGED):
        withheld = Session(new_id(), Role.CUSTOMER, f"{role.value}@shop.example", withheld=role)
        token, _ = shop.container.sessions.open(withheld)
        answer = shop.invoke(function.title, _event(function, f"Bearer {token}"))
        found = (answer["statusCode"], _code(answer))
        if allowed is not None and role not in allowed:
            assert found == (403, "forbidden"), role
        elif (
            allowed is not None
            and Role.CUSTOMER not in allowed
            and _line(function) not in _ENROLMENT
        ):
            assert found == (403, "second_factor_enrolment_required"), role
        else:
            assert found[1] not in _REFUSALS | {"second_factor_enrolment_required"}, role
