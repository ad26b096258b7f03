"""The traffic to PostgreSQL: statements, transaction control included, and round trips.

libpq itself writes every message of the protocol to a file (``PQtrace``), so nothing that is sent can be left
out. A client waits for the server where it sends Sync, Flush or both, or a simple Query: each is a
round trip.
"""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from psycopg import pq

from shop.adapters.postgres.database import Database, Transaction

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")
_MESSAGE = re.compile(
    r"^([FB])\t\d+\t(\w+)(?:\t ?(.*?))?\n?(?=^[FB]\t\d+\t|\Z)", re.DOTALL | re.MULTILINE
)


@dataclass
class Traffic:
    """What was sent while it was counted.

    Attributes
    ----------
    statements : list of str
        In order, without transaction control, white space folded.
    control : list of str
        BEGIN, COMMIT and ROLLBACK.
    round_trips : int
        How often a client waited for the server, whatever for.
    """

    statements: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    round_trips: int = 0

    def add(self, other: "Traffic") -> None:
        """Take what another connection has sent."""
        self.statements += other.statements
        self.control += other.control
        self.round_trips += other.round_trips

    def table(self) -> str:
        """Return how often each statement was sent."""
        counts = Counter(statement[:100] for statement in self.statements)
        lines = [f"{number:3d}  {statement}" for statement, number in counts.most_common()]
        lines.append(f"{len(self.control):3d}  BEGIN, COMMIT, ROLLBACK")
        lines.append(f"{self.round_trips:3d}  round trips")
        return "\n".join(lines)


@contextmanager
def counting(*connections: Database | Transaction) -> Iterator[Traffic]:
    """Count what these send in a block; read it after the block."""
    traffic = Traffic()
    with ExitStack() as stack:
        for connection in connections:
            if isinstance(connection, Database):
                with connection.autocommit() as transaction:
                    stack.enter_context(_tracing(transaction, traffic))
            else:
                stack.enter_context(_tracing(connection, traffic))
        yield traffic


@contextmanager
def _tracing(transaction: Transaction, traffic: Traffic) -> Iterator[None]:
    prepared = {
        row.name: row.statement
        for row in transaction.rows("SELECT name, statement FROM pg_prepared_statements")
    }
    connection = transaction._connection.pgconn
    with tempfile.TemporaryFile() as file:
        connection.trace(file.fileno())
        connection.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield
        finally:
            connection.untrace()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        traffic.add(_read(file.read().decode(), prepared))


def _read(trace: str, prepared: dict[str, str]) -> Traffic:
    traffic = Traffic()
    names = dict(prepared)
    bound = ""
    waiting = False
    for match in _MESSAGE.finditer(trace):
        direction, kind, rest = match[1], match[2], match[3] or ""
        if direction == "B":
            continue
        waits = kind in {"Sync", "Flush", "Query"}
        traffic.round_trips += waits and not waiting
        waiting = waits and kind != "Query"
        if kind == "Parse":
            name, sql = re.match(r'"(.*?)" "(.*)"', rest, re.DOTALL).groups()  # type: ignore[union-attr]
            names[name] = sql
        elif kind == "Bind":
            bound = re.match(r'"(.*?)" "(.*?)"', rest)[2]  # type: ignore[index]
        elif kind in {"Execute", "Query"}:
            sql = names[bound] if kind == "Execute" else rest.strip().strip('"')
            statement = " ".join(sql.split())
            (traffic.control if statement in _CONTROL else traffic.statements).append(statement)
    return traffic
