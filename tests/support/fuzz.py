"""Garbage for requests, and what holds for every answer to it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import strategies as st

from shop.contracts.problems import PROBLEMS
from tests.support.containers import Container
from tests.support.gateway import Response

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


def throttle_counters(container: Container) -> list[str]:
    """Return the keys of all counters of attempts, and one that does not exist."""
    redis = container.redis
    patterns = ("logins:*", "links:*", "sign-ups:*")
    return ["none", *(str(key) for pattern in patterns for key in redis.keys(pattern))]


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
