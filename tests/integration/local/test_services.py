"""The servers of the laptop, as the tests' fixtures and `make up` start them."""

import os
import signal
import socket
import uuid

import pika
import psycopg
from redis import Redis

from shop_local import processes
from shop_local.services import RunningServices, versions
from tests.support.processes import family, listening
from tests.support.waiting import eventually


def test_each_test_gets_an_empty_migrated_database(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_a_killed_database_restarts_on_its_port_with_all_commits(
    services: RunningServices, database: str
) -> None:
    connection = psycopg.connect(database, autocommit=True)
    connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    services.kill("postgresql")
    services.start("postgresql")
    with psycopg.connect(database) as again:
        assert again.execute("SELECT one FROM kept").fetchone() == (1,)
    connection.close()


def test_the_servers_of_the_laptop_have_the_versions_that_the_shop_needs(
    services: RunningServices,
) -> None:
    versions.check(services.environment)


def test_valkey_is_emptied_for_each_test(redis: str) -> None:
    with Redis.from_url(redis) as client:
        assert client.dbsize() == 0


def test_a_killed_valkey_restarts_with_carts_and_sessions(
    services: RunningServices, redis: str
) -> None:
    def connect() -> Redis:
        return Redis.from_url(redis, decode_responses=True)

    with connect() as client:
        client.set("session:1", "Ada", ex=1_000)
        client.hset("cart:1", mapping={"product": "2"})
    found = processes.find(services.state, "valkey")
    process = found and found.process()
    assert process
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    services.start("valkey")
    with connect() as client:
        assert client.get("session:1") == "Ada"
        assert 0 < client.ttl("session:1") <= 1_000
        assert client.hgetall("cart:1") == {"product": "2"}
    assert (services.state.data_of("valkey") / "appendonlydir").is_dir()


def test_the_broker_keeps_durable_messages_over_a_crash(
    services: RunningServices, rabbitmq_url: str
) -> None:
    parameters = pika.URLParameters(rabbitmq_url)
    queue = f"crash-{uuid.uuid4().hex}"
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish(
            "", queue, b"kept", pika.BasicProperties(delivery_mode=2), mandatory=True
        )
    # A quorum queue is entered in the broker's directory a moment after it was declared.
    data = services.state.data_of("rabbitmq")
    eventually(
        lambda: any(
            queue.encode() in path.read_bytes() for path in data.glob("**/quorum/*/names.dets")
        ),
        what="the queue is in the broker's directory",
    )
    services.kill("rabbitmq")
    services.start("rabbitmq")
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        _, _, body = channel.basic_get(queue, auto_ack=True)
        channel.queue_delete(queue)
    assert body == b"kept"


def test_servers_refuse_strangers_and_listen_on_loopback_only(services: RunningServices) -> None:
    sockets = []
    for record in processes.recorded(services.state):
        process = record.process()
        assert process, record.name
        found = listening(family(process))
        assert found, f"{record.name} listens nowhere"
        sockets += found
    assert services.service("valkey").port in {found.port for found in sockets}
    assert {found.address for found in sockets} <= {"127.0.0.1", "::1"}
    with socket.create_connection(("127.0.0.1", services.service("valkey").port), 2) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_nothing_is_left_when_a_server_is_stopped(services: RunningServices) -> None:
    services.stop("rabbitmq")
    assert {record.name for record in processes.recorded(services.state)}.isdisjoint(
        {"rabbitmq", "epmd"}
    )
    services.start("rabbitmq")
