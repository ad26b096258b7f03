"""Form-encoded parameters as Stripe reads them, and the check against what a route accepts.

``metadata[order_id]=7&expand[]=latest_charge`` becomes
``{"metadata": {"order_id": "7"}, "expand": ["latest_charge"]}``. A route declares its parameters
in a table of names to kinds; anything else is refused with ``parameter_unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from stripe_fake.errors import ApiError, invalid

_INTEGER = re.compile(r"-?\d{1,18}")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_METADATA_KEYS, _METADATA_NAME, _METADATA_VALUE = 50, 40, 500

type Kind = Callable[[Any, str], Any] | Mapping[str, Kind]
type Table = Mapping[str, Kind]


def decode(encoded: str) -> dict[str, Any]:
    """Return the nested parameters of a query string or form body."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head = name.partition("[")[0]
        inner = name[len(head) :]
        keys = _BRACKET.findall(inner)
        if not head or "".join(f"[{key}]" for key in keys) != inner:
            raise invalid(f"Invalid parameter name: {name}", param=name)
        _place(tree, [head, *keys], value, name)
    return {name: _lists(value) for name, value in tree.items()}


def _place(tree: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    node = tree
    for key in keys[:-1]:
        child = node.setdefault(key or str(len(node)), {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid object: {name}", param=name)
        node = child
    last = keys[-1] or str(len(node))
    node[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _lists(child) for key, child in value.items()}
    if items and all(key == str(index) for index, key in enumerate(items)):
        return list(items.values())
    return items


def check(given: Mapping[str, Any], table: Table, prefix: str = "") -> dict[str, Any]:
    """Return the parameters with the types their table names, or refuse them."""
    checked: dict[str, Any] = {}
    for name, value in given.items():
        path = f"{prefix}[{name}]" if prefix else name
        kind = table.get(name)
        if kind is None:
            raise invalid(
                f"Received unknown parameter: {path}", code="parameter_unknown", param=path
            )
        if isinstance(kind, Mapping):
            if not isinstance(value, dict):
                raise invalid("Invalid object", param=path)
            checked[name] = check(value, kind, path)
        else:
            checked[name] = kind(value, path)
    return checked


def required(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter that has to be there."""
    if name not in params:
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return params[name]


def _scalar(value: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    raise invalid(f"Invalid string: {value}", param=path)


def text(value: Any, path: str) -> str:
    """Accept a string that is not empty."""
    given = _scalar(value, path)
    if not given:
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{path}' cannot be unset.",
            code="parameter_invalid_empty",
            param=path,
        )
    return given


def clearable(value: Any, path: str) -> str | None:
    """Accept a string; the empty one unsets the field."""
    return _scalar(value, path) or None


def integer(value: Any, path: str) -> int:
    """Accept a whole number in decimal digits: ``10.00`` is refused, as Stripe does."""
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=path)
    return int(value)


def boolean(value: Any, path: str) -> bool:
    """Accept ``true`` or ``false``."""
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=path)
    return bool(value == "true")


def one_of(*choices: str) -> Kind:
    """Accept one of the given words."""

    def kind(value: Any, path: str) -> str:
        if value not in choices:
            words = ", ".join(choices[:-1])
            listed = f"{words}, or {choices[-1]}" if words else choices[-1]
            raise invalid(f"Invalid {path}: must be one of {listed}", param=path)
        return str(value)

    return kind


def list_of(kind: Callable[[Any, str], Any]) -> Kind:
    """Accept ``name[]=`` or ``name[0]=`` items of one kind."""

    def items(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid("Invalid array", param=path)
        return [kind(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return items


def metadata(value: Any, path: str) -> dict[str, str]:
    """Accept Stripe's metadata: up to 50 keys of 40 characters, values of 500."""
    if value == "":
        return {}
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise invalid("Invalid object: metadata is a set of key and string pairs", param=path)
    if len(value) > _METADATA_KEYS:
        raise invalid(f"Metadata may have up to {_METADATA_KEYS} keys", param=path)
    for key, entry in value.items():
        if len(key) > _METADATA_NAME or len(entry) > _METADATA_VALUE:
            raise ApiError(
                400,
                "invalid_request_error",
                f"Metadata keys have up to {_METADATA_NAME} characters, values up to "
                f"{_METADATA_VALUE}; {key[:_METADATA_NAME]} is too long",
                param=path,
            )
    return dict(value)


def moment(value: Any, path: str) -> dict[str, int]:
    """Accept a Unix time in seconds, or a range of them (``created[gte]=…``)."""
    if isinstance(value, dict):
        kinds: Table = {"gt": integer, "gte": integer, "lt": integer, "lte": integer}
        return check(value, kinds, path)
    exact = integer(value, path)
    return {"gte": exact, "lte": exact}


EXPAND: Table = {"expand": list_of(text)}
PAGE: Table = {
    **EXPAND,
    "limit": integer,
    "starting_after": text,
    "ending_before": text,
    "created": moment,
}
