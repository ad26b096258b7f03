"""The log line of every invocation, and that no value of a failing row is logged."""

import hashlib
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from pika import BasicProperties

from shop.adapters.postgres.event_log import new_event
from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap.transactions import unit_of_work
from shop.contracts.events import OrderPaid
from shop.domain.errors import ShopError
from shop.domain.ids import new_id
from shop.domain.messages import QueuedMessage
from shop.domain.sessions import Role
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.invocation import InvocationFailed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.entrypoints.schedule import schedule
from shop.entrypoints.task import task
from shop.services.unit_of_work import UnitOfWork
from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT
from tests.support.broker import rmq_event
from tests.support.containers import NO_BROKER, Container, container_for
from tests.support.orders import OrderingShop
from tests.support.people import token_of
from tests.support.proxy_events import Context, proxy_event

_WHAT = {"endpoint": "route", "task": "step", "consumer": "queue", "schedule": "schedule"}


def _role(function: Function) -> Role:
    if function.name == "delete_account":
        return Role.CUSTOMER
    return Role.FINANCE if function.service == "finance" else Role.STAFF


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_an_invocation_writes_exactly_one_line(
    function: Function, container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = OrderingShop(container)
    event = json.loads((CHECKOUT / f"events/{function.title}.json").read_text())
    if "Authorization" in event.get("headers", {}):
        token = f"Bearer {token_of(container, _role(function))}"
        event["headers"]["Authorization"] = token
        event["multiValueHeaders"]["Authorization"] = [token]
    context = Context(function.title)
    capsys.readouterr()
    with shop.active(), suppress(ShopError, InvocationFailed, ExceptionGroup):
        shop.handler(function.title)(event, context)
    lines = _lines(capsys)
    # Endpoints that call the state machine invoke its tasks in the same process.
    (line,) = [
        each
        for each in lines
        if each.get("message") == "invocation"
        and each["function_request_id"] == context.aws_request_id
    ]
    assert line["kind"] == function.kind
    assert line[_WHAT[function.kind]]
    assert line["function_name"] == context.function_name
    assert line["outcome"]
    if function.kind == "endpoint":
        assert isinstance(line["status"], int)
        assert line["correlation_id"]
        assert line["method"] == event["httpMethod"]
        # The session that is ended is not looked up.
        if "Authorization" in event["headers"] and function.name != "delete_session":
            assert UUID(line["user_id"])
    named = event.get("body") or "" if function.kind == "endpoint" else json.dumps(event)
    if "order_id" in named and function.name != "receive_webhook":
        assert line["order_id"]


def _endpoint_line(
    shop: OrderingShop, capsys: pytest.CaptureFixture[str], path: str, **call: Any
) -> dict[str, Any]:
    capsys.readouterr()
    method = shop.post if "json" in call else shop.get
    answer = method(path, **call)
    assert answer.status < 300, answer.text
    (line,) = [each for each in _lines(capsys) if each.get("message") == "invocation"]
    assert call.get("token", "no token") not in json.dumps(line)
    return line


def test_the_line_of_an_endpoint_names_the_user_of_its_session(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, user_id = OrderingShop(container), new_id()
    token = token_of(container, Role.CUSTOMER, user_id)
    assert _endpoint_line(shop, capsys, "/api/cart", token=token)["user_id"] == str(user_id)
    assert "user_id" not in _endpoint_line(shop, capsys, "/api/catalog/categories")


def test_the_line_of_a_new_session_names_its_user(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = OrderingShop(container)
    line = _endpoint_line(shop, capsys, "/api/sessions", json={})
    assert UUID(line["user_id"]).version == 7


def test_another_service_is_no_user(
    database: str, redis: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "of-another-service"
    digest = hashlib.sha256(token.encode()).hexdigest()
    with container_for(database, redis, NO_BROKER, service_token_sha256=digest) as container:
        body = {"order_id": str(new_id())}
        answer = OrderingShop(container).post("/api/inventory/release", json=body, token=token)
    assert answer.status not in (401, 403)
    (line,) = [each for each in _lines(capsys) if each.get("message") == "invocation"]
    assert line["route"] == "/api/inventory/release"
    assert "user_id" not in line


def _paid(order_id: UUID) -> bytes:
    return new_event(OrderPaid(order_id=order_id, payment_intent_id="pi_1"), new_id()).body


def test_the_line_of_a_consumer_names_its_orders_and_counts_redeliveries(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    @consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)
    def handler(delivery: Delivery[OrderPaid]) -> None:
        pass

    def line_of(*messages: tuple[BasicProperties, bytes]) -> dict[str, Any]:
        capsys.readouterr()
        event = rmq_event("inventory.order.paid", messages)
        handler(event, Context("inventory/on_order_paid"))
        (line,) = [each for each in _lines(capsys) if each.get("message") == "invocation"]
        return line

    first, second = new_id(), new_id()
    again = BasicProperties(headers={"x-delivery-count": 1})
    with container.environment.active():
        one = line_of((BasicProperties(), _paid(first)))
        several = line_of((again, _paid(second)), (BasicProperties(), _paid(first)))
    assert (one["order_id"], one["messages"], one["redelivered"]) == (str(first), 1, 0)
    assert "order_ids" not in one
    assert several["order_ids"] == sorted([str(first), str(second)])
    assert (several["messages"], several["redelivered"]) == (2, 1)
    assert "order_id" not in several


#: Planted in rows that the database refuses.
_SECRETS = ("ada.planted@shop.example", "scrypt$planted", "1 Planted Street")
_INSERT = "INSERT INTO customers (id, email, password_hash, name, role) VALUES (%s, %s, %s, %s, %s)"


type Fail = Callable[[UnitOfWork], None]


class _Takes(RabbitMQPublisher):
    """A broker that is always available."""

    def retry_later(self, message: QueuedMessage) -> None:
        self.retried = message


def _violate(work: UnitOfWork, constraint: str) -> None:
    email, password_hash, name = _SECRETS
    role = "pirate" if constraint == "check" else "customer"
    named = None if constraint == "not null" else name
    assert isinstance(work, PostgresUnitOfWork)
    for _ in range(2):
        work.transaction.execute(_INSERT, (new_id(), email, password_hash, named, role))


@contextmanager
def _replaced_by(kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise kind(f"no customer {_SECRETS[0]}") from error


def _violate_with_causes(work: UnitOfWork, constraint: str) -> None:
    with _replaced_by(RuntimeError), _replaced_by(KeyError):
        _violate(work, constraint)


def _endpoint(fail: Fail) -> Any:
    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        with unit_of_work(PostgresUnitOfWork)() as work:
            fail(work)
        return Answer()

    return handler(proxy_event("GET", "/api/health", {}, None), Context("platform/get_health"))


def _task(fail: Fail) -> Any:
    @task(OrderPaid)
    def handler(_: OrderPaid) -> None:
        with unit_of_work(PostgresUnitOfWork)() as work:
            fail(work)

    event = {"order_id": str(uuid4()), "payment_intent_id": "pi_1"}
    return handler(event, Context("orders/create_order"))


def _schedule(fail: Fail) -> Any:
    @schedule
    def handler(_: float) -> dict[str, int]:
        with unit_of_work(PostgresUnitOfWork)() as work:
            fail(work)
        return {}

    return handler({}, Context("platform/prune_records"))


def _consumer(fail: Fail) -> Any:
    @consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)
    def handler(delivery: Delivery[OrderPaid]) -> None:
        fail(delivery.work)

    event = json.loads((CHECKOUT / "events/inventory/on_order_paid.json").read_text())
    return handler(event, Context("inventory/on_order_paid"))


@pytest.mark.parametrize("violate", [_violate, _violate_with_causes])
@pytest.mark.parametrize("constraint", ["unique", "check", "not null"])
@pytest.mark.parametrize("invoke", [_endpoint, _task, _schedule, _consumer])
def test_no_row_that_failed_is_logged_or_answered(
    invoke: Callable[[Fail], Any],
    constraint: str,
    violate: Callable[[UnitOfWork, str], None],
    container: Container,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """PostgreSQL's DETAIL line quotes the row: "Key (email)=(…) already exists"."""
    left = ""
    container.publisher = _Takes(NO_BROKER)
    with container.environment.active():
        try:
            left = json.dumps(invoke(lambda work: violate(work, constraint)))
        except (InvocationFailed, ExceptionGroup, ShopError) as error:
            # What Lambda and Step Functions keep: the type and the message.
            left = f"{type(error).__name__}: {error}"
            if isinstance(error, InvocationFailed):
                left += "".join(traceback.format_exception(error))
    written = capsys.readouterr()
    code = {"unique": "23505", "check": "23514", "not null": "23502"}[constraint]
    assert f"SQLSTATE {code}" in written.out
    everything = left + written.out + written.err
    assert [secret for secret in _SECRETS if secret in everything] == []
