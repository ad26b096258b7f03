"""What becomes of the messages of one batch."""

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
from shop.contracts.events import DELIVERY_LIMIT, Envelope, Event, decode
from shop.domain.errors import DependencyUnavailable, ShopError
from shop.domain.messages import QueuedMessage
from shop.entrypoints.invocation import summarise
from shop.entrypoints.rabbitmq.messages import messages
from shop.observability import metric
from shop.services.messaging.consumption import accepts_writes
from shop.tracebacks import describe

_log = logging.getLogger(__name__)

_RETRY_PAUSE_SECONDS: Final = 2.0
#: What an invocation keeps in reserve when it waits for a server, and when it begins with another message.
_SPARE_SECONDS: Final = 15.0
_LAST_SECONDS: Final = 8.0
#: Servers whose adapters report them as unavailable only when they do not serve any request.
_ALL_OR_NOTHING: Final = frozenset({"rabbitmq", "redis"})


class _Failure(msgspec.Struct, frozen=True):
    message: QueuedMessage
    reason: str
    #: Whether another attempt cannot succeed.
    final: bool


class RetryBudget:
    """The time in which an invocation may wait for servers.

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
        """Whether there is time to begin with another message."""
        return time.monotonic() < self._begin_until

    def wait(self, outage: DependencyUnavailable) -> None:
        """Pause before the next try; raise the outage when there is no time for one."""
        if time.monotonic() + _RETRY_PAUSE_SECONDS > self._wait_until:
            raise outage
        _log.warning("waiting for a server", extra={"detail": outage.detail})
        time.sleep(_RETRY_PAUSE_SECONDS)


class Batch:
    """A batch while it is processed; see the package for the rule that it carries out.

    Failures are settled at the end, and only if there was no outage: then the whole batch comes back, and a
    message that had been copied before would be there twice.
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
        """Give the messages that can be read, with what they say."""
        for message in tuple(self._unsettled):
            if message.deliveries > DELIVERY_LIMIT + 1:
                # Brokers that count every return dead-letter such a message themselves.
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
        """Process one message; without time to begin with it, leave it for another invocation.

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
                # The broker has counted those that ended the function itself.
                attempt = max(message.attempts + 1, message.deliveries)
                reason = f"failed {attempt} times: {_describe(failure)}"
                self._fail(message, reason, final=attempt >= DELIVERY_LIMIT)

    def process_together(
        self, together: Sequence[QueuedMessage], action: Callable[[], None]
    ) -> bool:
        """Process several messages at once; False if they are to be processed one by one.

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
        """Run an action, and wait for servers; give the exception for which it alone is the cause."""
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
                    # The server may just have recovered: only a second failure is the message's own.
                    refused = True
            except Exception as error:  # noqa: BLE001 - the caller records it
                return error
            else:
                return None

    def _summary(self) -> dict[str, Any]:
        """Say what became of the messages, and about which orders they are."""
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
        """Dead-letter or retry what has failed; return what was not reached to its queue."""
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
            _log.warning("messages put back", extra={"messages": len(left)})

    def _publish(self, action: Callable[[], None]) -> None:
        if failure := self._attempt(action):
            raise failure


def _named(name: str, values: Sequence[object]) -> dict[str, Any]:
    """Give one value under its name, several under the plural of it."""
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
    # A statement that waits too long for a lock, for example, leaves the others alone.
    return error.dependency == "postgresql" and not accepts_writes(unit_of_work(PostgresUnitOfWork))


def _retry(message: QueuedMessage, reason: str) -> None:
    publisher().retry_later(message)
    metric("MessageRetries", queue=message.queue)
    about = _about(message) | {"reason": reason}
    _log.warning("message to be retried", extra=about)


def _dead_letter(message: QueuedMessage, reason: str) -> None:
    """Send a message to the dead-letter exchange; its inbox row is not written, so it can be replayed."""
    publisher().dead_letter(message, reason)
    metric("DeadLetters", queue=message.queue)
    _log.error("message dead-lettered", extra=_about(message) | {"reason": reason})


def _about(message: QueuedMessage) -> dict[str, str | None]:
    return {"queue": message.queue, "message_id": message.message_id}


def _describe(error: Exception) -> str:
    """Name an exception and its place; its text may quote a row or a body."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return describe(error) + place
