"""Publication of committed events, whatever fails."""

from uuid import UUID

import pytest

from shop.adapters.rabbitmq import publisher as rabbitmq_publisher
from shop.contracts.events import InventoryUpdated, OrderPaid, decode
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from shop.services.messaging import outbox
from shop_local.services import RunningServices
from tests.support import broker
from tests.support.at_once import at_once
from tests.support.broker import Line
from tests.support.containers import Container, container_for
from tests.support.stock import query
from tests.support.wire import counting

QUEUE = "inventory.order.paid"
STOCK_QUEUE = "catalog.inventory.updated"


def pay(container: Container, order_id: UUID | None = None, payment: str = "pi") -> None:
    with container.unit_of_work() as work:
        work.record(
            OrderPaid(order_id=order_id or new_id(), payment_intent_id=payment), correlation_id="c"
        )


def received(rabbitmq: str) -> list[str]:
    events = (decode(body).event for _, body in broker.take(rabbitmq, QUEUE))
    return [event.payment_intent_id for event in events if isinstance(event, OrderPaid)]


def unpublished(database: str) -> int:
    rows = query(database, "SELECT count(*) FROM outbox WHERE published_at IS NULL")
    return int(rows[0][0])


def test_events_are_published_right_after_the_commit(
    container: Container, database: str, rabbitmq: str
) -> None:
    container.publisher.ready()
    for _ in range(2):  # a statement that is used again is prepared, once
        pay(container)
    with counting(container.database) as sent:
        pay(container, payment="again")
    # The transaction, whose COMMIT travels with its last statement, and the mark after the broker's confirm.
    assert (len(sent.statements), len(sent.control), sent.round_trips) == (2, 2, 2)
    assert received(rabbitmq) == ["pi", "pi", "again"]
    assert unpublished(database) == 0


def test_a_rollback_publishes_nothing(container: Container, database: str, rabbitmq: str) -> None:
    """A8 (medusa #6016, #14357; vendure #1107): no event without a commit."""

    def fail_after_recording() -> None:
        with container.unit_of_work() as work:
            work.record(OrderPaid(order_id=new_id(), payment_intent_id="pi"), correlation_id="c")
            raise RuntimeError("too late")

    with pytest.raises(RuntimeError):
        fail_after_recording()
    assert query(database, "SELECT count(*) FROM outbox") == [(0,)]
    pay(container, payment="next")
    assert received(rabbitmq) == ["next"]


def test_a_broker_that_is_down_for_a_while_loses_nothing(
    services: RunningServices, database: str, redis_url: str, rabbitmq: str
) -> None:
    """A8: commits succeed; the relay publishes the backlog in order, once."""
    with container_for(database, redis_url, rabbitmq) as container:
        pay(container, payment="before")
        services.stop("rabbitmq")
        try:
            for number in range(5):
                pay(container, payment=f"during-{number}")
            assert unpublished(database) == 5
            assert container.outbox.oldest_age_seconds() > 0
            with pytest.raises(DependencyUnavailable):
                outbox.relay(container.outbox, container.publisher, seconds=5)
        finally:
            services.start("rabbitmq")
    with container_for(database, redis_url, rabbitmq) as container:
        assert outbox.relay(container.outbox, container.publisher, seconds=20) == 5
        assert outbox.relay(container.outbox, container.publisher, seconds=20) == 0
        assert container.outbox.oldest_age_seconds() == 0
    assert received(rabbitmq) == ["before", *(f"during-{number}" for number in range(5))]
    assert unpublished(database) == 0


def test_the_next_event_of_an_order_publishes_the_missed_ones_first(
    container: Container, line: Line, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_publisher, "_CIRCUIT_OPEN_SECONDS", 0.0)
    order_id = new_id()
    line.refusing = True
    pay(container, order_id, "first")
    line.refusing = False
    pay(container, order_id, "second")
    assert received(rabbitmq) == ["first", "second"]


def test_events_confirmed_before_the_broker_failed_are_not_sent_again(
    container: Container, line: Line, database: str, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_publisher, "_CIRCUIT_OPEN_SECONDS", 0.0)
    line.refusing = True
    for number in range(4):
        pay(container, payment=str(number))
    line.refusing = False
    publish = container.publisher.publish

    def leave_after_two(event: object) -> None:
        if unsent == 2:
            line.refusing = True
            line.cut()
        publish(event)  # type: ignore[arg-type]
        count()

    unsent = 0

    def count() -> None:
        nonlocal unsent
        unsent += 1

    monkeypatch.setattr(container.publisher, "publish", leave_after_two)
    with pytest.raises(DependencyUnavailable):
        outbox.relay(container.outbox, container.publisher, seconds=20)
    assert unpublished(database) == 2
    monkeypatch.undo()
    line.refusing = False
    container.publisher._circuit.succeeded()
    assert outbox.relay(container.outbox, container.publisher, seconds=20) == 2
    assert received(rabbitmq) == ["0", "1", "2", "3"]


def test_one_relay_works_at_a_time(container: Container, database: str, redis_url: str) -> None:
    with container.unit_of_work(publish=False) as work:
        work.record(OrderPaid(order_id=new_id(), payment_intent_id="pi"), correlation_id="c")
    with (
        container_for(database, redis_url) as other,
        container.outbox.pending(limit=10) as mine,
        other.outbox.pending(limit=10) as theirs,
    ):
        assert (len(mine.events), theirs.events) == (1, [])
    with container.outbox.pending(limit=10) as mine:
        assert len(mine.events) == 1


def test_events_of_one_aggregate_keep_their_order_whichever_process_publishes(
    database: str, redis_url: str, rabbitmq: str
) -> None:
    """Writers of one row, each publishing after its own commit, and a relay beside them."""
    product_id = new_id()
    query(database, "CREATE TABLE counter AS SELECT 0 AS version")

    def write() -> None:
        with container_for(database, redis_url, rabbitmq) as container:
            for _ in range(25):
                with container.unit_of_work() as work:
                    row = work.transaction.row(
                        "UPDATE counter SET version = version + 1 RETURNING version"
                    )
                    assert row is not None
                    work.record(
                        InventoryUpdated(
                            product_id=product_id, quantity_available=0, stock_version=row[0]
                        ),
                        correlation_id="c",
                    )

    def relay() -> None:
        with container_for(database, redis_url, rabbitmq) as container:
            for _ in range(20):
                outbox.relay(container.outbox, container.publisher, seconds=5)

    at_once([write, write, write, relay])
    events = (decode(body).event for _, body in broker.take(rabbitmq, STOCK_QUEUE))
    versions = [event.stock_version for event in events if isinstance(event, InventoryUpdated)]
    # A writer repeats what another has published and not marked yet; the first message of each is in order.
    assert list(dict.fromkeys(versions)) == list(range(1, 76))
