"""Processes one batch and settles its messages."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from shop.bootstrap.rabbitmq import publisher
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work import PostgresUnitOfWork
from shop.contracts.envelopes import Envelope, decode
from shop.contracts.events import DELIVERY_LIMIT, Event
from shop.domain.errors import DependencyUnavailable, ShopError
from shop.domain.messages import QueuedMessage
from shop.entrypoints.invocation import summarise
from shop.entrypoints.rabbitmq.messages import messages
from shop.observability import metric
from shop.services.messaging.consumption import accepts_writes
from shop.tracebacks import describe

_log = logging.getLogger(__name__)

_RETRY_PAUSE_SECONDS: Final = 2.0
#: Time that an invocation reserves when it waits for a server, and when it starts another message.
_SPARE_SECONDS: Final = 15.0
_LAST_SECONDS: Final = 8.0
#: Servers whose adapters report an outage only if the server serves no request at all.
_ALL_OR_NOTHING: Final = frozenset({"rabbitmq", "redis"})


class _Failure(msgspec.Struct, frozen=True):
    message: QueuedMessage
    reason: str
    #: Whether retrying cannot succeed.
    final: bool


class RetryBudget:
    """The time that an invocation may spend waiting for servers.

    Parameters
    ----------
    context : LambdaContext
        As Lambda passes it.
    """

    def __init__(self, context: Any) -> None:
        end: float = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        self._wait_until = end - _SPARE_SECONDS
        self._begin_until = end - _LAST_SECONDS

    @property
    def allows_another(self) -> bool:
        """Return whether there is time to start another message."""
        return time.monotonic() < self._begin_until

    def wait(self, outage: DependencyUnavailable) -> None:
        """Pause before the next attempt; raise the outage if no time is left."""
        if time.monotonic() + _RETRY_PAUSE_SECONDS > self._wait_until:
            raise outage
        _log.warning("waiting for a server", extra={"detail": outage.detail})
        time.sleep(_RETRY_PAUSE_SECONDS)


class Batch:
    """A batch in progress; the package's docstring states its rules.

    Failures are settled at the end, and only without an outage: during one the whole batch is redelivered,
    and a message that had already been copied would exist twice.
    """

    def __init__(self, received: dict[str, Any], queue: str, context: Any) -> None:
        self._unsettled = list(messages(received, queue))
        self._received = len(self._unsettled)
        self._redelivered = sum(
            message.deliveries > 1 or message.attempts > 0 for message in self._unsettled
        )
        self._envelopes: list[Envelope] = []
        self._failures: list[_Failure] = []
        self._budget = RetryBudget(context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        summarise(**self._summary())
        if error is None:
            self._settle()
        if not isinstance(error, DependencyUnavailable):
            return False
        if all(message.deliveries < DELIVERY_LIMIT for message in self._unsettled):
            return False
        self._put_back(self._unsettled)
        summarise(outcome=error.code, detail=error.detail)
        _log.warning("an outage lasts", extra={"detail": error.detail})
        return True

    def read(self, event: type[Event]) -> Iterator[tuple[QueuedMessage, Envelope]]:
        """Yield the readable messages with their envelopes."""
        for message in tuple(self._unsettled):
            if message.deliveries > DELIVERY_LIMIT + 1:
                # Brokers that count every return dead-letter such messages themselves.
                self._fail(message, f"delivered {message.deliveries} times, never completed")
                continue
            try:
                envelope = decode(message.body)
            except ValueError as error:
                self._fail(message, f"malformed: {error}")
                continue
            if not isinstance(envelope.event, event):
                found = f"{envelope.event_type} does not belong into {message.queue}"
                self._fail(message, f"malformed: {found}")
                continue
            self._envelopes.append(envelope)
            yield message, envelope

    def process(self, message: QueuedMessage, action: Callable[[], None]) -> None:
        """Process one message, or leave it for another invocation if too little time is left.

        Raises
        ------
        DependencyUnavailable
            If a server is unavailable to all messages.
        """
        if not self._budget.allows_another:
            return
        failure = self._attempt(action)
        match failure:
            case None:
                self._unsettled.remove(message)
            case DependencyUnavailable():
                attempt = message.attempts + 1
                reason = f"failed {attempt} times: {failure.dependency}: {failure.detail}"
                self._fail(message, reason, final=attempt >= DELIVERY_LIMIT)
            case ShopError():
                self._fail(message, f"{failure.code}: {failure.detail}")
            case _:
                _log.error("consumer failed", exc_info=failure, extra=_about(message))
                # The broker counts attempts that ended the function itself.
                attempt = max(message.attempts + 1, message.deliveries)
                reason = f"failed {attempt} times: {_describe(failure)}"
                self._fail(message, reason, final=attempt >= DELIVERY_LIMIT)

    def process_together(
        self, together: Sequence[QueuedMessage], action: Callable[[], None]
    ) -> bool:
        """Process several messages at once; return False if they must be processed one by one.

        Raises
        ------
        DependencyUnavailable
            If a server is unavailable to all messages.
        """
        failure = self._attempt(action) if together else None
        if failure is None:
            for message in together:
                self._unsettled.remove(message)
            return True
        _log.warning("batch failed as a whole", extra={"reason": _describe(failure)})
        return False

    def _attempt(self, action: Callable[[], None]) -> Exception | None:
        """Run an action, waiting for unavailable servers; return a failure that is the message's own."""
        refused = False
        while True:
            try:
                action()
            except DependencyUnavailable as error:
                if _is_outage(error):
                    self._budget.wait(error)
                elif refused:
                    return error
                else:
                    # The server may just have recovered, so only a second failure counts against the message.
                    refused = True
            except Exception as error:  # noqa: BLE001 - the caller records it
                return error
            else:
                return None

    def _summary(self) -> dict[str, Any]:
        """Summarise the messages' outcomes and the orders that they concern."""
        final = sum(failure.final for failure in self._failures)
        orders = [envelope.order_id for envelope in self._envelopes]
        return {
            "messages": self._received,
            "redelivered": self._redelivered,
            "failed": final,
            "retried": len(self._failures) - final,
            **_named("order_id", [order for order in orders if order]),
            **_named("correlation_id", [envelope.correlation_id for envelope in self._envelopes]),
        }

    def _fail(self, message: QueuedMessage, reason: str, *, final: bool = True) -> None:
        self._failures.append(_Failure(message, reason, final))

    def _settle(self) -> None:
        """Dead-letter or retry failed messages; return unprocessed ones to the queue."""
        for failure in self._failures:
            message = failure.message
            if failure.final:
                self._publish(partial(_dead_letter, message, failure.reason))
            else:
                self._publish(partial(_retry, message, failure.reason))
            self._unsettled.remove(message)
        self._put_back(self._unsettled)

    def _put_back(self, left: Sequence[QueuedMessage]) -> None:
        for message in left:
            self._publish(partial(publisher().put_back, message))
        if left:
            _log.warning("messages requeued", extra={"messages": len(left)})

    def _publish(self, action: Callable[[], None]) -> None:
        if failure := self._attempt(action):
            raise failure


def _named(name: str, values: Sequence[object]) -> dict[str, Any]:
    """Return one value under `name`, several under its plural."""
    distinct = sorted({str(value) for value in values})
    match distinct:
        case []:
            return {}
        case [one]:
            return {name: one}
    return {f"{name}s": distinct}


def _is_outage(error: DependencyUnavailable) -> bool:
    if error.outage or error.dependency in _ALL_OR_NOTHING:
        return True
    # For example, a statement that waits too long for a lock does not affect other messages.
    return error.dependency == "postgresql" and not accepts_writes(unit_of_work(PostgresUnitOfWork))


def _retry(message: QueuedMessage, reason: str) -> None:
    publisher().retry_later(message)
    metric("MessageRetries", queue=message.queue)
    about = _about(message) | {"reason": reason}
    _log.warning("message to be retried", extra=about)


def _dead_letter(message: QueuedMessage, reason: str) -> None:
    """Send a message to the dead-letter exchange without an inbox row, so that it can be replayed."""
    publisher().dead_letter(message, reason)
    metric("DeadLetters", queue=message.queue)
    _log.error("message dead-lettered", extra=_about(message) | {"reason": reason})


def _about(message: QueuedMessage) -> dict[str, str | None]:
    return {"queue": message.queue, "message_id": message.message_id}


def _describe(error: Exception) -> str:
    """Return an exception's type and location; its message might quote a row or a body."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return describe(error) + place
