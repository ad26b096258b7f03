"""RabbitMQ messages arrive as Amazon MQ events."""

import base64
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import psutil
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from shop_local.paths import CHECKOUT
from tests.integration.localstack.conftest import Deployed
from tests.support.waiting import eventually

type Arrival = tuple[float, int, str, dict[str, Any]]

QUEUES = ("t.first", "t.second", "t.window")


@pytest.fixture
def channel(stack: Deployed, rabbitmq_url: str) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    channel = connection.channel()
    for queue in QUEUES:
        channel.queue_declare(queue, durable=True)
    eventually(
        lambda: [channel.queue_declare(q, passive=True).method.consumer_count for q in QUEUES],
        what="every queue has a consumer",
        until=all,
    )
    yield channel
    connection.close()


def publish(channel: BlockingChannel, queue: str, body: bytes, **properties: Any) -> None:
    channel.basic_publish("", queue, body, pika.BasicProperties(**properties))


def arrived(stack: Deployed, function: str, marker: str) -> list[Arrival]:
    """Return the messages with a marker, with when and in which event they came."""
    return [
        (record["at"], number, queue, message)
        for number, record in enumerate(stack.records(function))
        for queue, messages in record["value"]["rmqMessagesByQueue"].items()
        for message in messages
        if message["basicProperties"]["type"] == marker
    ]


def await_arrivals(
    stack: Deployed, marker: str, count: int, function: str = "consume"
) -> list[Arrival]:
    """Wait until as many messages with a marker have arrived."""
    return eventually(
        lambda: arrived(stack, function, marker),
        what=f"{count} messages arrive",
        until=lambda found: len(found) >= count,
    )


def await_attempts(stack: Deployed, marker: str, count: int) -> set[int]:
    """Wait until messages with a marker have arrived in as many events."""
    return eventually(
        lambda: {number for _, number, *_ in arrived(stack, "consume", marker)},
        what=f"{count} attempts are made",
        until=lambda numbers: len(numbers) >= count,
    )


@pytest.fixture
def marker() -> str:
    return uuid.uuid4().hex


def test_a_message_arrives_in_the_shape_of_aws(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    publish(
        channel,
        "t.first",
        b'{"a":1}',
        type=marker,
        message_id="m-1",
        content_type="application/json",
        delivery_mode=2,
        timestamp=1_700_000_000,
        headers={"trace": "abc", "count": 3, "nested": {"reason": "x"}, "list": ["y", 1]},
    )
    _, _, queue, message = await_arrivals(stack, marker, 1)[0]
    assert queue == "t.first::/"
    assert message == {
        "basicProperties": {
            "contentType": "application/json",
            "contentEncoding": None,
            "headers": {
                "trace": {"bytes": [97, 98, 99]},
                "count": 3,
                "nested": {"reason": {"bytes": [120]}},
                "list": [{"bytes": [121]}, 1],
            },
            "deliveryMode": 2,
            "priority": None,
            "correlationId": None,
            "replyTo": None,
            "expiration": None,
            "messageId": "m-1",
            "timestamp": "Nov 14, 2023, 10:13:20 PM",
            "type": marker,
            "userId": None,
            "appId": None,
            "clusterId": None,
            "bodySize": 7,
        },
        "redelivered": False,
        "data": base64.b64encode(b'{"a":1}').decode(),
    }
    event = stack.records("consume")[-1]["value"]
    assert event["eventSource"] == "aws:rmq"
    assert event["eventSourceArn"].startswith("arn:aws:mq:")


def test_the_first_message_does_not_wait(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    publish(channel, "t.first", b"warm", type=uuid.uuid4().hex)
    time.sleep(0.3)
    waits: list[float] = []
    # A batch that waits for the default window takes half a second each time; a busy machine, now and then.
    while len(waits) < 20 and min(waits, default=1) >= 0.4:
        sent = time.time()
        publish(channel, "t.first", b"x", type=marker)
        found = await_arrivals(stack, marker, len(waits) + 1)
        waits.append(found[-1][0] - sent)
    assert min(waits) < 0.4


def test_all_queues_are_served_in_batches_of_the_given_size(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    for number in range(25):
        publish(channel, "t.first" if number % 2 else "t.second", b"%d" % number, type=marker)
    found = await_arrivals(stack, marker, 25)
    assert {base64.b64decode(message["data"]) for *_, message in found} == {
        b"%d" % number for number in range(25)
    }
    assert {queue for _, _, queue, _ in found} == {"t.first::/", "t.second::/"}
    for record in stack.records("consume"):
        assert sum(map(len, record["value"]["rmqMessagesByQueue"].values())) <= 10


def test_a_configured_window_is_waited_for_unless_the_batch_is_full(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    sent = time.time()
    publish(channel, "t.window", b"1", type=marker)
    time.sleep(0.2)
    publish(channel, "t.window", b"2", type=marker)
    first = await_arrivals(stack, marker, 1, "window")
    assert len(first) == 2
    assert first[0][0] - sent > 1.9
    waits: list[float] = []
    # A batch that waits for the window takes two seconds each time; a busy machine, now and then.
    while len(waits) < 10 and min(waits, default=2) >= 1:
        expected = 2 + 3 * (len(waits) + 1)
        sent = time.time()
        for body in (b"3", b"4", b"5"):
            publish(channel, "t.window", body, type=marker)
        found = await_arrivals(stack, marker, expected, "window")
        waits.append(found[-1][0] - sent)
    assert min(waits) < 1


def test_a_failed_batch_is_redelivered_whole_with_a_growing_delay(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    refuse = stack.records_folder / "refuse"
    refuse.touch()
    try:
        for body in (b"1", b"2"):
            publish(channel, "t.first", body, type=marker)
        await_attempts(stack, marker, 3)
    finally:
        refuse.unlink()
    eventually(
        lambda: [channel.queue_declare(q, passive=True).method.message_count for q in QUEUES],
        what="the queues are empty",
        until=lambda counts: not any(counts),
    )
    await_attempts(stack, marker, 4)
    found = arrived(stack, "consume", marker)
    times = sorted({at for at, *_ in found})
    assert times[1] - times[0] >= 0.9
    assert times[2] - times[1] >= 1.9
    assert [m["redelivered"] for *_, m in found if m["data"] == "MQ=="][0:2] == [False, True]


def test_a_lost_queue_is_consumed_again(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    channel.queue_delete("t.window")
    time.sleep(0.2)
    channel.queue_declare("t.window", durable=True)
    for body in (b"1", b"2", b"3"):
        publish(channel, "t.window", body, type=marker)
    assert len(await_arrivals(stack, marker, 3, "window")) == 3


def test_an_invalid_date_does_not_stop_the_queue(
    stack: Deployed, channel: BlockingChannel, marker: str
) -> None:
    publish(channel, "t.first", b"absurd", type=marker, timestamp=2**63)
    publish(channel, "t.first", b"next", type=marker)
    found = await_arrivals(stack, marker, 2)
    assert len(found) == 2
    (absurd,) = [m for *_, m in found if m["data"] == "YWJzdXJk"]
    assert absurd["basicProperties"]["timestamp"] is None


POLLER = """
import json, os
from types import SimpleNamespace as Some
from shop_localstack import mq

secret = json.dumps({"username": os.environ["USER_NAME"], "password": os.environ["PASSWORD"]})
mq.connect_to = lambda **_: Some(
    secretsmanager=Some(get_secret_value=lambda SecretId: {"SecretString": secret})
)
mq.RETRY_SECONDS = 0.1
calls = []

class Function:
    def invoke(self, **call):
        calls.append(json.loads(call["Payload"])["rmqMessagesByQueue"])
        if len(calls) == 1:
            raise ValueError("nobody foresaw this")
        return {}

poller = mq.RabbitPoller(
    {"EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:shop:b-1", "BatchSize": 1,
     "UUID": "1", "FunctionArn": "arn:f", "Queues": [os.environ["QUEUE"]]}, Function()
)
poller._wanted = lambda: len(calls) < 3
poller.poll_events()
print(json.dumps([m[0]["redelivered"] for call in calls for m in call.values()]))
"""


def test_an_unexpected_error_returns_the_batch(
    aws_python: Path, rabbitmq_url: str, marker: str
) -> None:
    broker = pika.URLParameters(rabbitmq_url)
    with pika.BlockingConnection(broker) as connection:
        channel = connection.channel()
        channel.queue_declare(marker)
        for body in (b"1", b"2"):
            publish(channel, marker, body)
        result = subprocess.run(
            [aws_python, "-c", POLLER],
            env={
                "PYTHONPATH": str(CHECKOUT / "tools/localstack_plugin"),
                "SHOP_LOCAL_MQ": f"{broker.host}:{broker.port}",
                "USER_NAME": broker.credentials.username,
                "PASSWORD": broker.credentials.password,
                "QUEUE": marker,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        left = channel.queue_declare(marker, passive=True).method.message_count
        channel.queue_delete(marker)
    assert result.stdout == "[false, true, false]\n", result.stderr
    assert "nobody foresaw this" in result.stderr
    assert left == 0


def test_idle_mappings_cost_nothing(stack: Deployed, channel: BlockingChannel) -> None:
    process = psutil.Process(stack.aws.process.pid)
    before = process.cpu_times()
    time.sleep(2)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    assert used < 0.4 * (os.cpu_count() or 1)
