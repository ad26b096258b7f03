"""The replay command."""

from datetime import UTC, datetime, timedelta

import pytest

from shop.contracts.events import EXCHANGE, OrderConfirmed, OrderPaid
from shop.domain.ids import new_id
from shop.domain.messages import QueuedMessage
from shop.entrypoints.commands import replay
from tests.support import broker
from tests.support.containers import Container

QUEUE = "inventory.order.paid"


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, database: str, redis_url: str, rabbitmq: str
) -> None:
    monkeypatch.setenv("SHOP_DATABASE_URL", database)
    monkeypatch.setenv("SHOP_REDIS_URL", redis_url)
    monkeypatch.setenv("SHOP_RABBITMQ_URL", rabbitmq)


def test_dead_messages_return_to_their_own_queue_only(
    container: Container, rabbitmq: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        message = QueuedMessage(QUEUE, b"%d" % number, "m", attempts=5)
        container.publisher.dead_letter(message, "a bug")
    assert replay.main(["--dead", "--dry-run"]) == 0
    assert f"{QUEUE}: 3 would be sent" in capsys.readouterr().out
    with broker.channel(rabbitmq) as channel:
        other = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(other, EXCHANGE, "order.paid")
        assert replay.main(["--dead", QUEUE, "--limit", "2"]) == 0
        assert channel.queue_declare(other, passive=True).method.message_count == 0
    assert capsys.readouterr().out == f"{QUEUE}: 2 sent\n2 in all\n"
    sent = broker.take(rabbitmq, QUEUE)
    assert [body for _, body in sent] == [b"0", b"1"]
    assert sent[0][0].message_id == "m"
    assert set(sent[0][0].headers or {}) <= {"x-delivery-count"}
    assert [body for _, body in broker.take(rabbitmq, f"{QUEUE}.dead")] == [b"2"]


def test_events_of_a_time_span_are_published_again_unchanged(
    container: Container, rabbitmq: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for payment in ("a", "b"):
        with container.unit_of_work() as work:
            order_id = new_id()
            event = OrderPaid(order_id=order_id, payment_intent_id=payment)
            work.record(event, correlation_id="c")
            work.record(OrderConfirmed(order_id=order_id), correlation_id="c")
    first = broker.take(rabbitmq, QUEUE)
    since = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    assert replay.main(["--from", since, "--dry-run"]) == 0
    assert "order.paid: 2 would be sent" in capsys.readouterr().out
    assert broker.take(rabbitmq, QUEUE) == []
    assert replay.main(["--from", since, "--type", "order.paid"]) == 0
    assert capsys.readouterr().out == "order.paid: 2 sent\n2 in all\n"
    again = broker.take(rabbitmq, QUEUE)
    assert [body for _, body in again] == [body for _, body in first]
    assert [p.message_id for p, _ in again] == [p.message_id for p, _ in first]
    assert replay.main(["--from", since, "--to", since]) == 0
    assert capsys.readouterr().out == "0 in all\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--dead", "nonsense"],
        ["--from", "yesterday"],
        ["--from", "2026-01-01", "--type", "x"],
        ["--dead", "--limit", "0"],
        ["--dead", "--from", "2026-01-01"],
    ],
)
def test_wrong_arguments_are_explained(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        replay.main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_help_and_an_unavailable_broker(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        replay.main(["--help"])
    assert ended.value.code == 0
    monkeypatch.setenv("SHOP_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:1/%2f")
    assert replay.main(["--dead"]) == 1
    assert "RabbitMQ" in capsys.readouterr().err
