"""Messages that fail while the servers they need serve others."""

from types import SimpleNamespace
from typing import Any

import pytest

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.adapters.rabbitmq import publisher as rabbitmq_publisher
from shop.contracts.events import (
    DELIVERY_LIMIT,
    RETRY_QUEUE,
    OrderPaid,
)
from shop.domain.errors import DependencyUnavailable
from shop.entrypoints.rabbitmq import Delivery, batch_consumer, consumer
from shop.entrypoints.rabbitmq import batch as entrypoint
from tests.support import broker
from tests.support.broker import rmq_event
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.shelf import QUEUE, Shelf, attempts_of, dead, message
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ZeroDivisionError("Ada, 1 Market Street"), "ZeroDivisionError at shelf.py:"),
        (DependencyUnavailable("ses", "SES answered 1."), "ses: SES answered 1."),
        (DependencyUnavailable("postgresql", "lock time-out"), "postgresql: lock time-out"),
    ],
)
def test_a_message_that_alone_fails_is_dead_lettered_after_bounded_attempts(
    shelf: Shelf, rabbitmq: str, failure: Exception, reason: str
) -> None:
    """A33: other messages are processed, in the same batch or after it."""
    shelf.fail["bad"] = failure
    bad = message("bad")
    shelf.receive(bad, message("a"), message("b"))
    assert shelf.kept == ["a", "b"]
    for attempts in range(1, DELIVERY_LIMIT):
        assert dead(rabbitmq) == []
        (again,) = broker.take(rabbitmq, RETRY_QUEUE)
        assert (attempts_of(again), again[1]) == (attempts, bad[1])
        shelf.receive(again)
    ((body, found),) = dead(rabbitmq)
    assert body == bad[1]
    assert found.startswith(f"failed {DELIVERY_LIMIT} times: {reason}")
    assert broker.take(rabbitmq, RETRY_QUEUE) == broker.take(rabbitmq, QUEUE) == []
    assert shelf.kept == ["a", "b"]


def test_a_message_to_be_retried_returns_to_its_queue_after_a_pause(
    shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_publisher, "_RETRY_DELAY_SECONDS", 4)
    shelf.fail["bad"] = DependencyUnavailable("ses")
    shelf.receive(message("bad"), message("a"))
    assert broker.take(rabbitmq, QUEUE) == []
    again = eventually(lambda: broker.take(rabbitmq, QUEUE), what="the message is back")
    assert [(attempts_of(each), each[0].message_id) for each in again] == [(1, "m")]
    shelf.fail.clear()
    shelf.receive(*again)
    assert shelf.kept == ["a", "bad"]


def test_a_failure_that_the_next_attempt_resolves_is_not_counted(
    shelf: Shelf, rabbitmq: str
) -> None:
    shelf.fail["a"] = DependencyUnavailable("postgresql")
    put = shelf.put

    def recover(delivery: Delivery[OrderPaid]) -> None:
        if shelf.seen:
            shelf.fail.clear()
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)(recover)
    shelf.receive(message("a"), message("b"))
    assert shelf.kept == ["a", "b"]
    assert broker.take(rabbitmq, RETRY_QUEUE) == []


def test_a_crash_after_the_copy_and_before_the_acknowledgement_makes_no_second_effect(
    shelf: Shelf, rabbitmq: str
) -> None:
    bad = message("bad")
    shelf.fail["bad"] = ValueError()
    shelf.receive(bad)
    # The invocation ended without a response to the mapping: the original is redelivered.
    bad[0].headers = {"x-delivery-count": 1}
    copies = broker.take(rabbitmq, RETRY_QUEUE)
    shelf.fail.clear()
    shelf.receive(bad, *copies)
    shelf.receive(*copies)
    assert shelf.kept == ["bad"]
    assert broker.take(rabbitmq, RETRY_QUEUE) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"x-delivery-count": DELIVERY_LIMIT - 1},
        {"x-acquired-count": DELIVERY_LIMIT - 1},
        {"x-acquired-count": DELIVERY_LIMIT - 1, "x-delivery-count": 1},
        {"x-acquired-count": {"bytes": [ord(str(DELIVERY_LIMIT - 1))]}},
        {"x-delivery-count": str(DELIVERY_LIMIT - 1), "x-acquired-count": {"bytes": [-1]}},
    ],
)
def test_deliveries_are_counted_as_each_broker_counts_them(
    shelf: Shelf, rabbitmq: str, headers: dict[str, Any]
) -> None:
    """RabbitMQ 4.3 leaves ``basic.nack`` out of x-delivery-count."""
    bad = message("bad")
    bad[0].headers = headers
    shelf.fail["bad"] = ValueError()
    shelf.receive(bad)
    ((_, reason),) = dead(rabbitmq)
    assert reason.startswith(f"failed {DELIVERY_LIMIT} times: ValueError")


def test_a_message_that_ends_the_function_each_time_is_dead_lettered(
    shelf: Shelf, rabbitmq: str
) -> None:
    """A broker that counts returns does it by itself; RabbitMQ 4.3 would deliver it for ever."""
    fatal = message("fatal")
    fatal[0].headers = {"x-acquired-count": DELIVERY_LIMIT + 1}
    shelf.receive(fatal, message("a"))
    assert (shelf.seen, shelf.kept) == (["a"], ["a"])
    ((body, reason),) = dead(rabbitmq)
    assert body == fatal[1]
    assert reason == f"delivered {DELIVERY_LIMIT + 2} times, never completed"


def test_messages_that_no_time_is_left_for_return_to_their_queue(
    shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(entrypoint, "time", SimpleNamespace(monotonic=lambda: now))
    put = shelf.put

    def slow(delivery: Delivery[OrderPaid]) -> None:
        nonlocal now
        now += 21  # seven of the invocation's 28 seconds are left
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)(slow)
    shelf.receive(message("a"), message("b"))
    assert shelf.kept == ["a"]
    shelf.receive(*broker.take(rabbitmq, QUEUE))
    assert shelf.kept == ["a", "b"]


@pytest.mark.parametrize("failure", [RuntimeError(), DependencyUnavailable("opensearch")])
def test_one_event_that_a_batch_consumer_cannot_process_does_not_hold_up_the_others(
    container: Container, rabbitmq: str, failure: Exception
) -> None:
    done: list[str] = []

    @batch_consumer(service="inventory", event=OrderPaid)
    def note(events: Any) -> None:
        payments = [event.payment_intent_id for event in events]
        if "bad" in payments:
            raise failure
        done.extend(payments)

    bad = message("bad")
    with Gateway(container).active():
        event = rmq_event(QUEUE, [message("a"), bad, message("b")])
        note(event, Context("inventory/on_order_paid"))
    assert done == ["a", "b"]
    (again,) = broker.take(rabbitmq, RETRY_QUEUE)
    assert (attempts_of(again), again[1]) == (1, bad[1])
