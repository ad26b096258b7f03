"""Amazon MQ for RabbitMQ as a Lambda event source: `Type: MQ` in a SAM template works unchanged.

One thread a mapping, which is one execution at a time as on AWS. It blocks in the broker's socket,
so that an idle mapping costs nothing.
"""

import json
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import pika
from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.lambda_ import hooks as lambda_hooks
from localstack.services.lambda_.event_source_mapping.pollers.poller import Poller
from localstack.services.lambda_.invocation.models import lambda_stores
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from shop_localstack import mq_event
from shop_localstack.settings import SETTINGS

LOG = logging.getLogger(__name__)
# A refused connection is six lines of pika's and one of ours.
logging.getLogger("pika").setLevel(logging.CRITICAL)

DEFAULT_BATCH_SIZE = 100
DEFAULT_WINDOW_SECONDS = 0.5
QUIET_SECONDS = 0.02
"""Without a configured window, a batch goes out when no message came for so long."""
IDLE_SECONDS = 1.0
"""How soon a deleted or disabled mapping notices."""
RETRY_SECONDS = 1.0
MAX_DELAY_SECONDS = 30.0
LOG_EVERY_SECONDS = 60.0
STOPPED_STATES = {"Deleting", "Disabling", "Disabled"}


@lambda_hooks.set_event_source_config_defaults()  # type: ignore[untyped-decorator]
def defaults(parameters: dict[str, Any], _request: dict[str, Any], service: str) -> None:
    """Fill in what a mapping leaves out."""
    if service == "mq":
        parameters["BatchSize"] = DEFAULT_BATCH_SIZE


@lambda_hooks.create_event_source_poller()  # type: ignore[untyped-decorator]
def create_poller(holder: Any, service: str, mapping: dict[str, Any]) -> None:
    """Serve mappings whose event source is an Amazon MQ broker."""
    if service == "mq":
        holder.create_poller_fn = lambda processor, **_: RabbitPoller(
            mapping, processor.sender.target_client
        )


class BrokerUnavailableError(Exception):
    """The broker, a queue or the secret is unavailable."""


@dataclass(frozen=True)
class Delivery:
    """A message that was delivered and not yet acknowledged."""

    queue: str
    tag: int
    encoded: dict[str, Any]
    size: int


class RabbitPoller(Poller):
    """Consume the queues of one mapping and invoke its function with batches.

    Parameters
    ----------
    mapping
        The event source mapping, as Lambda's API describes it.
    function
        A Lambda client that may invoke the function.
    """

    def __init__(self, mapping: dict[str, Any], function: Any) -> None:
        # The base class asks for a source client and filters; neither exists for this source.
        self._mapping, self._function = mapping, function
        self._arn: str = mapping["EventSourceArn"]
        _, _, _, self._region, self._account, *_ = self._arn.split(":")
        access = {a["Type"]: a["URI"] for a in mapping.get("SourceAccessConfigurations", [])}
        self._secret: str = access.get("BASIC_AUTH", "")
        self._host: str = access.get("VIRTUAL_HOST", "/")
        self._window: float | None = mapping.get("MaximumBatchingWindowInSeconds")
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._waiting: deque[Delivery] = deque()
        self._failures = 0
        self._reported_at: dict[str, float] = {}
        if mapping.get("FilterCriteria", {}).get("Filters"):
            LOG.error("Filters of Amazon MQ mappings are not applied: %s", mapping["UUID"])

    def event_source(self) -> str:
        """Return the name of the source in events."""
        return "aws:rmq"

    def poll_events(self) -> None:
        """Serve the mapping until it is disabled or deleted."""
        while self._wanted():
            try:
                self._connect()
                batch = self._collect()
                if batch:
                    self._deliver(batch)
            except (
                BrokerUnavailableError,
                AMQPError,
                OSError,
                ClientError,
                BotoCoreError,
            ) as error:
                self._retry(error)
            except Exception as error:  # noqa: BLE001 - logged; the batch must not stay taken
                self._retry(error, unforeseen=True)
        self._disconnect()

    def close(self) -> None:
        """Return unprocessed messages to the broker."""
        self._disconnect()

    def _wanted(self) -> bool:
        mappings = lambda_stores[self._account][self._region].event_source_mappings
        mapping = mappings.get(self._mapping["UUID"])
        return mapping is not None and mapping.get("State") not in STOPPED_STATES

    def _retry(self, error: Exception, *, unforeseen: bool = False) -> None:
        """Return unacknowledged messages, and wait before the next attempt."""
        self._report(f"{type(error).__name__}: {error}", error if unforeseen else None)
        self._disconnect()
        time.sleep(RETRY_SECONDS)

    def _report(self, problem: str, error: Exception | None = None) -> None:
        """Log a problem, the same one once a minute, with the traceback of an error."""
        now = time.monotonic()
        if now - self._reported_at.get(problem, -LOG_EVERY_SECONDS) >= LOG_EVERY_SECONDS:
            self._reported_at = {problem: now}
            LOG.warning(
                "Amazon MQ mapping of %s on %s at %s:%d: %s; trying again",
                self._mapping["FunctionArn"].rsplit(":", 1)[1],
                ", ".join(self._mapping["Queues"]),
                SETTINGS.mq_host,
                SETTINGS.mq_port,
                problem,
                exc_info=error,
            )

    def _connect(self) -> None:
        if self._connection and self._connection.is_open and self._channel:
            if self._channel.is_open:
                return
            self._disconnect()
        aws = connect_to(region_name=self._region, aws_access_key_id=self._account)
        secret = json.loads(
            aws.secretsmanager.get_secret_value(SecretId=self._secret)["SecretString"]
        )
        self._connection = pika.BlockingConnection(
            pika.ConnectionParameters(
                SETTINGS.mq_host,
                SETTINGS.mq_port,
                self._host,
                pika.PlainCredentials(secret["username"], secret["password"]),
                # An invocation may block this thread for 15 minutes; on loopback a lost broker
                # shows without heartbeats.
                heartbeat=0,
                client_properties={"connection_name": self._mapping["FunctionArn"]},
            )
        )
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=min(self._mapping["BatchSize"], 65535))
        for queue in self._mapping["Queues"]:
            self._consume(self._channel, queue)
        self._reported_at.clear()

    def _consume(self, channel: BlockingChannel, queue: str) -> None:
        def take(_: object, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
            encoded = mq_event.message(properties, method.redelivered, body)
            self._waiting.append(
                Delivery(queue, method.delivery_tag, encoded, mq_event.size(encoded))
            )

        def cancelled(_: object) -> None:
            raise BrokerUnavailableError(f"queue {queue} was deleted")

        channel.add_on_cancel_callback(cancelled)
        channel.basic_consume(queue, take)

    def _collect(self) -> list[Delivery]:
        """Return the next batch; nothing when none came in a second."""
        assert self._connection is not None
        if not self._waiting:
            self._connection.process_data_events(IDLE_SECONDS)
            if not self._waiting:
                return []
        window = DEFAULT_WINDOW_SECONDS if self._window is None else float(self._window)
        end = time.monotonic() + window
        batch: list[Delivery] = []
        total = 0
        while len(batch) < self._mapping["BatchSize"]:
            if self._waiting:
                if not mq_event.fits(total, self._waiting[0].size):
                    break
                batch.append(self._waiting.popleft())
                total += batch[-1].size
                continue
            left = end - time.monotonic()
            if left <= 0:
                break
            quiet = left if self._window else min(left, QUIET_SECONDS)
            self._connection.process_data_events(quiet)
            if not self._waiting and not self._window:
                break
        return batch

    def _deliver(self, batch: list[Delivery]) -> None:
        """Invoke the function; acknowledge the batch, or return it to its queue and pause."""
        assert self._connection is not None
        assert self._channel is not None
        event = mq_event.event(self._arn, ((d.queue, self._host, d.encoded) for d in batch))
        problem = ""
        try:
            answer = self._function.invoke(
                FunctionName=self._mapping["FunctionArn"], Payload=json.dumps(event)
            )
            if "FunctionError" in answer:
                problem = answer["Payload"].read().decode(errors="replace")
        except (ClientError, BotoCoreError) as error:
            problem = str(error)
        for delivery in batch:
            if problem:
                self._channel.basic_nack(delivery.tag, requeue=True)
            else:
                self._channel.basic_ack(delivery.tag)
        if not problem:
            self._failures = 0
            return
        self._failures += 1
        delay = min(2.0 ** (self._failures - 1), MAX_DELAY_SECONDS)
        self._report(f"{len(batch)} message(s) given back, next try in {delay:.0f} s: {problem}")
        self._connection.sleep(delay)

    def _disconnect(self) -> None:
        self._waiting.clear()
        connection, self._connection, self._channel = self._connection, None, None
        if connection and connection.is_open:
            try:
                connection.close()
            except Exception:
                LOG.debug("The broker left while the connection was being closed", exc_info=True)
