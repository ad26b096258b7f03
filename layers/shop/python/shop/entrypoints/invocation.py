"""One line of the log for each invocation of every kind: what it was and how it ended.

The costs that AWS bills for are joined to this line by its request id.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal

from shop.domain.errors import ShopError
from shop.observability import begin_invocation, flush_counts
from shop.tracebacks import describe

type Kind = Literal["endpoint", "task", "consumer", "schedule"]

_log = logging.getLogger(__name__)
_summary: Final[ContextVar[dict[str, Any]]] = ContextVar("summary")


class InvocationFailed(Exception):
    """An invocation ended with an exception that is no refusal.

    It leaves the function in that exception's place, as Lambda and Step Functions keep the message of what
    leaves: this one's holds no value. The exception itself is in the log.
    """


@contextmanager
def invocation(kind: Kind, context: Any, **what: Any) -> Iterator[None]:
    """Run an invocation in a block, and write its line at the end.

    Parameters
    ----------
    context : LambdaContext
        As Lambda passes it.
    **what
        What it was: for example its route, queue or step.

    Raises
    ------
    InvocationFailed
        In place of any exception but a `ShopError` and a group of exceptions, of which Lambda keeps the
        message alone.
    """
    begin_invocation(context)
    summary: dict[str, Any] = {"kind": kind, **what}
    token = _summary.set(summary)
    try:
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
        _log.info("invocation", extra=summary)
        flush_counts()


def summarise(**fields: Any) -> None:
    """Add fields to the line of the invocation that is running."""
    _summary.get().update(fields)
