"""Consumers while a server is unavailable to every request."""

import threading
from typing import Any

import pika
import pytest

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.contracts.events import (
    DELIVERY_LIMIT,
    RETRY_QUEUE,
    OrderPaid,
)
from shop.domain.errors import DependencyUnavailable
from shop.entrypoints.rabbitmq import Delivery, batch_consumer, consumer
from shop.entrypoints.rabbitmq import batch as entrypoint
from shop_local.services import RunningServices
from tests.support import broker
from tests.support.broker import rmq_event
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.shelf import QUEUE, Shelf, attempts_of, dead, message

pytestmark = pytest.mark.usefixtures("no_waiting")


def test_an_outage_returns_the_batch(shelf: Shelf, rabbitmq: str) -> None:
    shelf.fail["b"] = DependencyUnavailable("ses", outage=True)
    shelf.fail["x"] = ValueError()
    batch = [message("x"), message("a"), message("b"), message("c")]
    with pytest.raises(DependencyUnavailable):
        shelf.receive(*batch)
    # A message's own failure is settled by the first delivery without an outage.
    assert broker.take(rabbitmq, RETRY_QUEUE) == []
    assert shelf.kept == ["a"]
    shelf.fail.clear()
    shelf.receive(*batch)
    assert shelf.kept == ["a", "b", "c", "x"]
    assert dead(rabbitmq) == []


@pytest.mark.parametrize("counter", ["x-delivery-count", "x-acquired-count"])
def test_a_long_outage_costs_no_message(shelf: Shelf, rabbitmq: str, counter: str) -> None:
    """A8: however often the batch is redelivered, its messages are neither lost nor dead-lettered."""
    shelf.fail["b"] = DependencyUnavailable("ses", outage=True)
    late = message("b")
    late[0].headers = {counter: DELIVERY_LIMIT - 1, "x-shop-attempts": 3}
    shelf.receive(message("a"), late, message("c"))
    assert (shelf.kept, dead(rabbitmq)) == (["a"], [])
    shelf.fail.clear()
    again = broker.take(rabbitmq, QUEUE)
    assert [attempts_of(each) for each in again] == [3, 0]
    assert all(properties.delivery_mode == 2 for properties, _ in again)
    shelf.receive(*again)
    assert (shelf.kept, shelf.seen) == (["a", "b", "c"], ["a", "b", "b", "c"])


def test_a_database_that_stays_unavailable_costs_no_message(
    services: RunningServices, shelf: Shelf, rabbitmq: str
) -> None:
    batch = [message("a"), message("b")]
    services.stop("postgresql")
    try:
        for _ in range(2):
            for deliveries in range(DELIVERY_LIMIT - 1):
                for properties, _ in batch:
                    properties.headers = {"x-delivery-count": deliveries} if deliveries else {}
                with pytest.raises(DependencyUnavailable):
                    shelf.receive(*batch)
            for properties, _ in batch:
                properties.headers = {"x-delivery-count": DELIVERY_LIMIT - 1}
            shelf.receive(*batch)
            batch = broker.take(rabbitmq, QUEUE)
            assert [attempts_of(each) for each in batch] == [0, 0]
    finally:
        services.start("postgresql")
    assert broker.take(rabbitmq, RETRY_QUEUE) == []
    assert dead(rabbitmq) == []
    shelf.receive(*batch)
    assert shelf.kept == ["a", "b"]


def test_a_broker_that_is_unavailable_keeps_the_batch(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise DependencyUnavailable("rabbitmq")

    shelf.fail["bad"] = ValueError()
    for method in ("put_back", "retry_later", "dead_letter"):
        monkeypatch.setattr(shelf.container.publisher, method, unavailable)
    for deliveries in (1, DELIVERY_LIMIT):
        with pytest.raises(DependencyUnavailable):
            shelf.receive(message("bad", deliveries=deliveries))


def test_an_index_that_is_unavailable_for_long_costs_no_message(
    container: Container, rabbitmq: str
) -> None:
    @batch_consumer(service="inventory", event=OrderPaid)
    def lost(_: Any) -> None:
        raise DependencyUnavailable("opensearch", outage=True)

    batch = [message("a", deliveries=DELIVERY_LIMIT), message("b")]
    with Gateway(container).active():
        lost(rmq_event(QUEUE, batch), Context("inventory/on_order_paid"))
    assert [body for _, body in broker.take(rabbitmq, QUEUE)] == [body for _, body in batch]
    assert dead(rabbitmq) == []


def test_a_short_outage_is_waited_out(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrypoint, "_SPARE_SECONDS", 15.0)
    monkeypatch.setattr(entrypoint, "_RETRY_PAUSE_SECONDS", 0.01)
    shelf.fail["a"] = DependencyUnavailable("redis")
    put = shelf.put

    def recover(delivery: Delivery[OrderPaid]) -> None:
        if len(shelf.seen) == 3:
            shelf.fail.clear()
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)(recover)
    shelf.receive(message("a"))
    assert (shelf.seen, shelf.kept) == (["a"] * 4, ["a"])


def test_poison_is_not_dropped_while_the_broker_is_unavailable(
    container: Container, database: str, redis_url: str
) -> None:
    with container_for(database, redis_url) as cut_off:
        shelf = Shelf(cut_off, database)
        with pytest.raises(DependencyUnavailable):
            shelf.receive((pika.BasicProperties(), b"poison"))


def test_a_crash_of_the_database_during_a_batch_is_waited_out(
    services: RunningServices, shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "_SPARE_SECONDS", 8.0)
    monkeypatch.setattr(entrypoint, "_RETRY_PAUSE_SECONDS", 0.3)
    put = shelf.put

    def crash_once(delivery: Delivery[OrderPaid]) -> None:
        put(delivery)
        if shelf.seen == ["a", "b"]:
            services.kill("postgresql")
            threading.Timer(1, services.start, ["postgresql"]).start()

    shelf.handler = consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)(
        crash_once
    )
    shelf.receive(message("a"), message("b"), message("c"))
    assert (shelf.seen, shelf.kept) == (["a", "b", "b", "c"], ["a", "b", "c"])
    assert dead(rabbitmq) == []
