"""Formats exceptions without values, so that no row, body or header reaches a log.

A driver's message may quote the failing row (PostgreSQL's DETAIL line), and a built-in exception's the value
that could not be parsed. So only this package's exceptions keep their message; others are reduced to type,
location and, for database errors, SQLSTATE and constraint.
"""

import traceback
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0]
_CAUSE: Final = "\nThe exception above is the cause of this one:\n\n"
_CONTEXT: Final = "\nWhile the exception above was handled, this one was raised:\n\n"


def describe(error: BaseException) -> str:
    """Describe an exception in one line.

    Examples
    --------
    >>> describe(KeyError("ada@example.com"))
    'KeyError'
    """
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    if kind.__module__.partition(".")[0] == _PACKAGE:
        return f"{name}: {error}"
    # psycopg 3's attributes; exceptions of other packages have none.
    facts = {
        "SQLSTATE": getattr(error, "sqlstate", None) or getattr(error, "pgcode", None),
        "constraint": getattr(getattr(error, "diag", None), "constraint_name", None),
    }
    known = ", ".join(f"{fact} {value}" for fact, value in facts.items() if value)
    return f"{name} ({known})" if known else name


def format_traceback(error: BaseException) -> str:
    """Format an exception with its causes as Python does, without source lines."""
    return "".join(_chain(error, set())).rstrip("\n")


def _chain(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    lines: list[str] = []
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and id(earlier) not in seen:
        lines += [*_chain(earlier, seen), _CAUSE if error.__cause__ else _CONTEXT]
    lines.append("Traceback (most recent call last):\n")
    lines += [
        f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_qualname}\n'
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    lines.append(f"{describe(error)}\n")
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            if id(member) not in seen:
                lines += ["\nOf the group:\n\n", *_chain(member, seen)]
    return lines
