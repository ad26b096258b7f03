"""Translates msgspec's validation errors into messages for clients."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import inspect

from shop.contracts.http.patterns import WANTED
from shop.domain.errors import InvalidRequest

#: Ends msgspec's messages about a part of the document.
_PATH: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")
_UNITS: Final = {"str": "character", "array": "item", "object": "entry"}
_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
}


def invalid_field(error: msgspec.ValidationError, kind: Any) -> InvalidRequest:
    """Turn a msgspec error into a refusal that names the field and says what it must be.

    Parameters
    ----------
    kind : type
        The contract that was decoded.

    Examples
    --------
    >>> class Body(msgspec.Struct):
    ...     quantity: int
    >>> try:
    ...     msgspec.json.decode('{"quantity": "two"}', type=Body)
    ... except msgspec.ValidationError as error:
    ...     invalid_field(error, Body).errors
    (FieldError(field='quantity', message='must be a whole number'),)
    """
    sentence = str(error)
    found = _PATH.search(sentence)
    path = found["path"] if found else ""
    problem = sentence[: found.start()] if found else sentence
    if named := re.search(r"(required|unknown) field `([^`]*)`", problem):
        message = "is required" if named[1] == "required" else "is not a field of this request"
        return InvalidRequest.field(f"{path}.{named[2]}".lstrip("."), message)
    return InvalidRequest.field(path or "body", _message(problem, path, kind))


def _message(problem: str, path: str, kind: Any) -> str:
    for pattern, wording in _WORDINGS:
        if match := pattern.match(problem):
            return wording(match)
    if problem.startswith("Invalid enum value"):
        return f"must be one of {', '.join(_choices(path, kind))}"
    return "is not valid"


def _length(match: re.Match[str]) -> str:
    kind, relation, count = match.groups()
    bound = {"<=": "at most", ">=": "at least"}[relation]
    unit = _UNITS[kind]
    plural = unit if count == "1" else f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"
    return f"must have {bound} {count} {plural}"


def _bound(match: re.Match[str]) -> str:
    words = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
    return f"must be {words[match[1]]} {match[2]}"


def _pattern(match: re.Match[str]) -> str:
    wanted = next((words for pattern, words in WANTED.items() if repr(pattern) == match[1]), None)
    return f"must be {wanted}" if wanted else "is not valid"


def _kind(match: re.Match[str]) -> str:
    names = [name for name in match[1].split(" | ") if name != "null"]
    return f"must be {' or '.join(_KINDS.get(name, name) for name in names)}"


_WORDINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `(str|array|object)` of length (<=|>=) (\d+)"), _length),
    (re.compile(r"Expected `\w+` (<=|>=|<|>) (\S+)"), _bound),
    (re.compile(r"Expected `str` matching regex (.*)", re.DOTALL), _pattern),
    (re.compile(r"Expected `([^`]+)`, got"), _kind),
    (re.compile("Invalid UUID"), lambda _: "must be a UUID"),
    (
        re.compile("Invalid RFC3339 encoded datetime"),
        lambda _: "must be a date and time such as 2026-01-31T12:00:00Z",
    ),
    (re.compile("Invalid RFC3339 encoded date"), lambda _: "must be a date such as 2026-01-31"),
)


def _choices(path: str, kind: Any) -> list[str]:
    """List the values that a field accepts."""
    types = [inspect.type_info(kind)]
    for step in re.findall(r"\[[^\]]*\]|[^.\[]+", path):
        types = [inner for outer in types for inner in _below(outer, step)]
    choices: list[str] = []
    for info in types:
        if isinstance(info, inspect.EnumType):
            choices += [str(member.value) for member in info.cls]
        if isinstance(info, inspect.LiteralType):
            choices += map(str, info.values)
    return choices


def _below(info: inspect.Type, step: str) -> list[inspect.Type]:
    found: list[inspect.Type] = []
    if isinstance(info, inspect.StructType):
        found = [field.type for field in info.fields if field.encode_name == step]
    elif isinstance(info, inspect.ListType):
        found = [info.item_type]
    elif isinstance(info, inspect.DictType):
        found = [info.value_type]
    elif isinstance(info, inspect.UnionType):
        return [inner for member in info.types for inner in _below(member, step)]
    plain = [inner.type if isinstance(inner, inspect.Metadata) else inner for inner in found]
    return [
        member
        for inner in plain
        for member in (inner.types if isinstance(inner, inspect.UnionType) else [inner])
    ]
