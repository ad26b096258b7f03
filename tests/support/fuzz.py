"""Garbage for requests, and what holds for every answer to it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import strategies as st

from shop.contracts.problems import PROBLEMS
from shop.domain.sessions import Role
from tests.support.builders import add_categories
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response

TEXT = st.text(max_size=60) | st.sampled_from(
    ["", " ", "\x00", "\ud7ff", "🛒", "'; DROP TABLE products; --", "%", "../..", "null", "1e400"]
)
NUMBER = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0])
)
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
RAW = st.binary(max_size=80) | st.sampled_from(
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"quantity": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000"}',
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"a":' * 5_000,
        b" " * 70_000,
        b'{"quantity": ' + b"9" * 5_000 + b"}",
    ]
)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80)


def check(answer: Response) -> None:
    """Check an answer against the contract of every answer."""
    assert answer.status < 500, answer.text
    assert answer.headers["x-request-id"]
    if answer.status >= 400:
        assert answer.code in PROBLEMS
        assert PROBLEMS[answer.code].status == answer.status == answer.json["status"]


def encodable(value: Any) -> bool:
    """Return whether it has a form in UTF-8 and JSON; everything else is in `RAW`."""
    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError, msgspec.MsgspecError):
        return False
    return True


def _throttle_counters(container: Container) -> list[str]:
    """Return the keys of all counters of attempts, and one that does not exist."""
    redis = container.redis
    patterns = ("logins:*", "links:*", "sign-ups:*")
    return ["none", *(str(key) for pattern in patterns for key in redis.keys(pattern))]


class Target:
    """A shop whose answers are checked, and in which a refusal must change nothing.

    Parameters
    ----------
    tables : sequence of str
        Tables that requests could change, besides the carts.
    tokens : mapping
        Of the roles that ask.
    names : mapping
        What stands for the names in braces in a path.
    """

    def __init__(
        self,
        container: Container,
        tables: Sequence[str],
        *,
        tokens: Mapping[Role, str],
        names: Mapping[str, object],
    ) -> None:
        self.container = container
        self._shop = Gateway(container)
        self._tables = tables
        self._tokens = tokens
        self._names = names

    def call(self, method: str, path: str, role: Role | None, **options: Any) -> Response:
        """Send a request that no earlier one has used an attempt of."""
        self.container.redis.delete(*_throttle_counters(self.container))
        before = self._contents()
        token = self._tokens[role] if role else None
        answer = self._shop.call(method, path.format(**self._names), token=token, **options)
        check(answer)
        if answer.status >= 400:
            assert self._contents() == before
        return answer

    def _contents(self) -> list[Any]:
        with self.container.database.transaction() as transaction:
            counts: list[Any] = [
                transaction.rows(
                    f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
                )
                for table in self._tables
            ]
        carts = sorted(self.container.redis.keys("cart:*"))
        return [*counts, *(self.container.redis.hgetall(key) for key in carts)]


@contextmanager
def unlimited_container(database: str, redis: str) -> Iterator[Container]:
    """A shop that answers any number of requests."""
    with container_for(
        database, redis, rate_limit_per_second=10**6, rate_limit_burst=10**6
    ) as made:
        add_categories(made.database)
        yield made


@st.composite
def spoiled(draw: st.DrawFn, good: Any) -> Any:
    """Return a good body with garbage in place of one or two of its parts, at any depth."""
    body = deepcopy(good)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(body))
        if not places:
            return draw(JSON)
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                holder[key] = draw(JSON)
            case "remove":
                del holder[key]
            case _ if isinstance(holder, dict):
                holder[draw(TEXT)] = draw(JSON)
            case _:
                holder.append(draw(JSON))
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every part of a JSON value as what holds it and the key or index there."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield value, key
        yield from _places(value[key])
