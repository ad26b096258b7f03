"""Typed bodies, query strings and path parameters, or a clear refusal."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

import msgspec
from chalice.app import MultiDict
from chalice.app import Request as ChaliceRequest

from shop.contracts.http.amounts import Amount
from shop.domain.errors import FieldError, InvalidRequest, NotFound, ShopError

_BODY_LIMIT_BYTES: Final = 64 * 1024
_AT_FIELD: Final = re.compile(r"^(?P<message>.*?)(?: - at `\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
#: An even number of backslashes before it is only backslashes.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_decoders: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}
_NAMED_FIELD: Final = re.compile(r"(?:unknown|required) field `(?P<name>[^`]*)`")


def parse_body[T](request: ChaliceRequest, kind: type[T]) -> T:
    """Read the JSON body as a struct; no body reads as ``{}``. One of ``bytes`` is left as it is.

    Raises
    ------
    ShopError
        ``body_too_large``, ``unsupported_media_type``, ``invalid_json`` or ``validation_failed``.
    """
    raw = raw_body(request)
    if isinstance(raw, kind):
        return raw
    if raw and not _is_json(request.headers.get("content-type", "application/json")):
        raise ShopError("Send application/json.", code="unsupported_media_type")
    if _has_nul(raw.decode(errors="replace")):
        raise InvalidRequest("Text must not contain the character U+0000.")
    try:
        body: T = _decoder(kind).decode(raw or b"{}")
    except msgspec.ValidationError as error:
        raise invalid_field(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}", code="invalid_json") from error
    return body


def raw_body(request: ChaliceRequest) -> bytes:
    """Give the body as it was sent, if it is not too large."""
    raw = request.raw_body
    if isinstance(raw, str):
        raw = raw.encode()
    if len(raw) > _BODY_LIMIT_BYTES:
        raise ShopError(f"The limit is {_BODY_LIMIT_BYTES} bytes.", code="body_too_large")
    return raw


def parse_query[T](request: ChaliceRequest, kind: type[T]) -> T:
    """Read the query string as a struct; values are text, so numbers and booleans are converted."""
    parameters: MultiDict = request.query_params or MultiDict({})
    values: dict[str, str] = {}
    for name in parameters:
        repeated = parameters.getlist(name)
        if len(repeated) > 1:
            raise InvalidRequest(
                "A query parameter is repeated.", errors=[FieldError(name, "must be given once")]
            )
        if "\x00" in repeated[0]:
            raise InvalidRequest("Text must not contain the character U+0000.")
        values[name] = repeated[0]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid_field(error) from error


def parse_json_parameter[T](text: str, kind: type[T], name: str) -> T:
    """Read a query parameter that is JSON; a refusal names the field inside it.

    Raises
    ------
    InvalidRequest
        If it is not valid JSON, or a field in it is unknown or wrong.
    """
    if _has_nul(text):
        raise InvalidRequest(
            "Text must not contain the character U+0000.",
            errors=[FieldError(name, "must not contain the character U+0000")],
        )
    try:
        value: T = _decoder(kind).decode(text)
    except msgspec.ValidationError as error:
        inner = invalid_field(error).errors[0]
        path = name if inner.field == "body" else f"{name}.{inner.field}"
        raise InvalidRequest(
            "A field is wrong.", errors=[FieldError(path, inner.message)]
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"{name} is not valid JSON.", errors=[FieldError(name, str(error))]
        ) from error
    return value


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Give the decoder of a contract, made once."""
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind, dec_hook=_amount, float_hook=_exactly)
    return _decoders[kind]


def _exactly(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation:  # an exponent beyond all bounds: no amount is that large, or small
        return Decimal("Infinity")


def _amount(kind: type, value: Any) -> Amount:
    """Read the one type of ours that msgspec does not know."""
    if kind is not Amount:
        raise NotImplementedError(f"no field may be of {kind}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        given = {str: "str", bool: "bool", type(None): "null"}.get(type(value), "no number")
        raise TypeError(f"Expected `number`, got `{given}`")
    return Amount(value)


def _has_nul(text: str) -> bool:
    """Tell whether JSON text spells U+0000, which PostgreSQL's text cannot hold."""
    return r"\u0000" in text and bool(_NUL.search(text))


def parse_id(path: Mapping[str, str], name: str) -> UUID:
    """Read a path parameter such as ``product_id``; what is no UUID names no product."""
    try:
        return UUID(path[name])
    except ValueError as error:
        thing = name.removesuffix("_id")
        raise NotFound(
            f"There is no {thing} {path[name][:64]!r}.", code=f"{thing}_not_found"
        ) from error


def invalid_field(error: msgspec.ValidationError) -> InvalidRequest:
    """Turn msgspec's sentence into a refusal that names the field."""
    match = _AT_FIELD.match(str(error))
    message, path = (match["message"], match["path"] or "") if match else (str(error), "")
    if named := _NAMED_FIELD.search(message):
        path = f"{path}.{named['name']}".lstrip(".")
    return InvalidRequest("A field is wrong.", errors=[FieldError(path or "body", message)])


def header(request: ChaliceRequest, name: str) -> str | None:
    """Give a request header, whatever the case of its name."""
    value: Any = request.headers.get(name)
    return None if value is None else str(value)


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
