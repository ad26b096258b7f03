"""Messages in the dead-letter queues are shown to staff for as long as they are there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from shop.adapters.postgres.database import Database
from shop.bootstrap.postgres import write
from shop.bootstrap.work.dead_messages import PostgresDeadMessagesWork
from shop.contracts.events import QUEUES
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from shop.domain.messages import QueuedMessage
from shop.domain.sessions import Role
from shop.entrypoints.commands import replay
from shop.services.messaging.dead import record_dead_messages
from tests.support import broker
from tests.support.builders import add_categories, place_order
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.shelf import Shelf
from tests.support.waiting import eventually

QUEUE = "inventory.order.paid"


@pytest.fixture
def shop(database: str, redis_url: str, rabbitmq: str) -> Iterator[Gateway]:
    """The shop with its broker."""
    with container_for(database, redis_url, rabbitmq) as made:
        add_categories(made.database)
        yield Gateway(made)


def _record(shop: Gateway, *queues: str) -> int:
    with shop.active() as container:
        opened = write(PostgresDeadMessagesWork)
        return record_dead_messages(container.dead_letters, opened, queues or QUEUES)


def _listed(shop: Gateway, **query: Any) -> list[Any]:
    staff = token_of(shop.container, Role.STAFF)
    answer = shop.get("/api/admin/dead-messages", query=query, token=staff)
    assert answer.status == 200, answer.text
    messages: list[Any] = answer.json["messages"]
    return messages


def _die(container: Container, body: bytes = b"{}", message_id: str | None = "m") -> None:
    message = QueuedMessage(QUEUE, body, message_id, attempts=5)
    container.publisher.dead_letter(message, "failed 5 times: ValueError")


def _about(order_id: UUID) -> bytes:
    return b'{"order_id": "%s"}' % str(order_id).encode()


def test_a_dead_message_is_listed_until_it_is_replayed(
    shop: Gateway, monkeypatch: pytest.MonkeyPatch, database: str, redis_url: str, rabbitmq: str
) -> None:
    order_id = place_order(shop.container).order_id
    _die(shop.container, _about(order_id), "m-1")
    _die(shop.container, b"malformed", None)
    assert _record(shop) == 2
    by_id = {row["message_id"]: row for row in _listed(shop)}
    assert by_id["m-1"]["order_id"] == str(order_id)
    assert by_id[None]["order_id"] is None
    assert {row["queue"] for row in by_id.values()} == {QUEUE}
    assert {row["reason"] for row in by_id.values()} == {"failed 5 times: ValueError"}
    assert len(_listed(shop, queue=QUEUE)) == 2
    assert _listed(shop, queue="orders.inventory.confirmed") == []

    staff = token_of(shop.container, Role.STAFF)
    query = {"needs": "attention"}
    [order] = shop.get("/api/admin/orders", query=query, token=staff).json["orders"]
    assert (order["order_id"], order["attention"]) == (str(order_id), ["message_dead"])
    file = shop.get(f"/api/admin/orders/{order_id}", token=staff).json
    assert file["dead_messages"] == [by_id["m-1"]]

    for name, value in (("DATABASE", database), ("REDIS", redis_url), ("RABBITMQ", rabbitmq)):
        monkeypatch.setenv(f"SHOP_{name}_URL", value)
    assert replay.main(["--dead", "--dry-run"]) == 0
    assert len(_listed(shop)) == 2
    assert replay.main(["--dead"]) == 0
    assert _listed(shop) == []
    assert shop.get("/api/admin/orders", query=query, token=staff).json["orders"] == []
    assert len(broker.take(rabbitmq, QUEUE)) == 2


def test_looking_changes_neither_the_messages_nor_their_order(shop: Gateway, rabbitmq: str) -> None:
    for number in range(3):
        _die(shop.container, b"%d" % number, "m")
    before = None
    for _ in range(25):  # more than the deliveries that a quorum queue of RabbitMQ 4 allows
        found = shop.container.dead_letters.look(QUEUE, 3)
        assert [message.body for message in found] == [b"0", b"1", b"2"]
        assert before in (None, found)
        before = found
    kept = broker.take(rabbitmq, f"{QUEUE}.dead")
    assert [body for _, body in kept] == [b"0", b"1", b"2"]
    assert {(each.headers or {})["x-shop-queue"] for each, _ in kept} == {QUEUE}


def test_what_the_broker_dead_letters_is_listed_too(shop: Gateway, rabbitmq: str) -> None:
    """No consumer was there to record it: each has died of the message."""
    order_id = new_id()
    broker.put(rabbitmq, QUEUE, _about(order_id), message_id="m-1", timestamp=1)
    for _ in range(8):
        with broker.channel(rabbitmq) as channel:
            method, _, _ = channel.basic_get(QUEUE)
            if method is not None:
                channel.basic_nack(method.delivery_tag, requeue=True)

    def listed() -> list[Any]:
        _record(shop)
        return _listed(shop)

    with broker.channel(rabbitmq) as channel:
        if channel.queue_declare(QUEUE, passive=True).method.message_count:
            # A broker that does not count returns: a consumer rejects it.
            method, _, _ = channel.basic_get(QUEUE)
            channel.basic_nack(method.delivery_tag, requeue=False)
    [row] = eventually(listed, what="the message is dead")
    assert row["reason"].startswith("the broker: ")
    assert row["order_id"] == str(order_id)
    assert not row["dead_at"].startswith("1970")


@pytest.mark.parametrize("after", ["the copy", "the acknowledgement"])
def test_a_look_that_crashes_loses_no_message(
    shop: Gateway, rabbitmq: str, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    for number in range(2):
        _die(shop.container, b"%d" % number, f"m-{number}")
    letters = shop.container.dead_letters
    opened = letters._channel

    @contextmanager
    def dying() -> Iterator[BlockingChannel]:
        with opened() as channel:
            name = "basic_publish" if after == "the copy" else "basic_ack"
            done = getattr(channel, name)

            def then_die(*arguments: Any, **options: Any) -> None:
                done(*arguments, **options)
                raise pika.exceptions.AMQPConnectionError

            monkeypatch.setattr(channel, name, then_die)
            yield channel

    with monkeypatch.context() as patched:
        patched.setattr(letters, "_channel", dying)
        with pytest.raises(DependencyUnavailable):
            letters.look(QUEUE, 2)
    assert _record(shop) >= 2
    assert sorted(row["message_id"] for row in _listed(shop)) == ["m-0", "m-1"]
    # The copies are one message for staff; the queue is not read again for it.
    assert _record(shop) == 0
    bodies = [body for _, body in broker.take(rabbitmq, f"{QUEUE}.dead")]
    assert sorted(set(bodies)) == [b"0", b"1"]


def test_a_row_that_a_crash_has_left_goes_with_the_next_run(shop: Gateway, rabbitmq: str) -> None:
    """Somebody took the message off the queue and did not record it."""
    _die(shop.container, b"0", "m-0")
    _die(shop.container, b"1", "m-1")
    _record(shop)
    assert len(_listed(shop)) == 2
    broker.purge(rabbitmq, f"{QUEUE}.dead")
    _die(shop.container, b"1", "m-1")
    _record(shop)
    assert [row["message_id"] for row in _listed(shop)] == ["m-1"]


def test_one_at_a_time_looks(shop: Gateway, database: str) -> None:
    _die(shop.container)
    other = Database(database)
    with other.transaction() as transaction:
        assert PostgresDeadMessagesWork(other, None)
        transaction.row(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('dead_messages', 35)) AS locked"
        )
        assert _record(shop) == 0
    assert _record(shop) == 1
    other.close()


def test_the_schedule_records_what_a_consumer_dead_letters(
    shelf: Shelf, shop: Gateway, rabbitmq: str
) -> None:
    order_id = new_id()
    broken = (pika.BasicProperties(message_id="m-9"), b'{"order_id": "%s"' % str(order_id).encode())
    shelf.receive(broken)
    shop.invoke("platform/collect_metrics", {})
    [row] = _listed(shop)
    assert (row["message_id"], row["order_id"]) == ("m-9", None)
    assert row["reason"].startswith("malformed")


def test_the_list_is_walked_by_cursor(shop: Gateway) -> None:
    for number in range(5):
        _die(shop.container, b"%d" % number, f"m-{number}")
    _record(shop)
    staff = token_of(shop.container, Role.STAFF)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = shop.get("/api/admin/dead-messages", query=query, token=staff).json
        seen += [row["message_id"] for row in page["messages"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(seen) == [f"m-{number}" for number in range(5)]
    wrong = shop.get("/api/admin/dead-messages", query={"cursor": "x"}, token=staff)
    assert wrong.status == 400
    customer = token_of(shop.container, Role.CUSTOMER)
    assert shop.get("/api/admin/dead-messages", token=customer).status == 403
