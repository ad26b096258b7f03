"""One log line per invocation of every kind: what was called and how it ended.

The costs that AWS bills are joined to this line by the request id.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal

from shop.bootstrap import refresh
from shop.domain.errors import ShopError
from shop.observability import begin_invocation, flush_counts, take_secret_requests
from shop.tracebacks import describe

type Kind = Literal["endpoint", "task", "consumer", "schedule"]

_log = logging.getLogger(__name__)
_summary: Final[ContextVar[dict[str, Any]]] = ContextVar("summary")


class InvocationFailed(Exception):
    """An invocation failed with an exception that is not a refusal.

    It replaces that exception, because Lambda and Step Functions keep the message of the exception that a
    function raises: this one's contains no values. The original exception is in the log.
    """


@contextmanager
def invocation(kind: Kind, context: Any, **what: Any) -> Iterator[None]:
    """Run an invocation in a block and write its log line at the end.

    Parameters
    ----------
    context : LambdaContext
        As Lambda passes it.
    **what
        Fields that identify it, for example its route, queue or step.

    Raises
    ------
    InvocationFailed
        In place of any exception except a `ShopError` and an exception group, of which Lambda keeps only the
        message.
    """
    begin_invocation(context)
    summary: dict[str, Any] = {"kind": kind, **what}
    token = _summary.set(summary)
    try:
        refresh()
        _log_secret_requests()
        yield
    except ShopError as refusal:
        summary |= {"outcome": refusal.code, "detail": refusal.detail}
        raise
    except ExceptionGroup as group:
        summary |= {"outcome": "failed", "detail": describe(group)}
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: logged, and replaced by what holds no value
        _log.exception("invocation failed")
        summary |= {"outcome": "failed", "detail": describe(error)}
        raise InvocationFailed(describe(error)) from None
    else:
        summary.setdefault("outcome", "done")
    finally:
        _summary.reset(token)
        _log_secret_requests()
        _log.info("invocation", extra=summary)
        flush_counts()


def summarise(**fields: Any) -> None:
    """Add fields to the log line of the running invocation."""
    _summary.get().update(fields)


def _log_secret_requests() -> None:
    """Write how many requests to Secrets Manager are billed, those of INIT to the first invocation.

    It is a line of its own, written at once, so that an invocation that times out later has it as well.
    """
    if requests := take_secret_requests():
        _log.info("secrets read", extra={"secret_requests": requests})
