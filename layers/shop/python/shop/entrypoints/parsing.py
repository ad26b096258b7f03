"""Parses bodies, query strings, tokens and path parameters into typed values."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from shop.contracts.http.amounts import Amount
from shop.domain.errors import InvalidRequest, NotFound, ShopError, Unauthenticated
from shop.entrypoints.wording import invalid_field

_BODY_LIMIT_BYTES: Final = 64 * 1024
#: An even number of backslashes before ``u0000`` is escaped backslashes, not the escape.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_TOKEN_LIMIT: Final = 512
_decoders: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


class _Sent(Protocol):
    """The parts of a request that are parsed; see `shop.entrypoints.operation.Received`."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def query(self) -> Mapping[str, list[str]]: ...

    @property
    def body(self) -> bytes: ...


def prepare(*kinds: Any) -> None:
    """Create the decoders of an endpoint's contracts at INIT."""
    for kind in kinds:
        if kind not in (None, bytes):
            _decoder(kind)


def check_size(sent: _Sent) -> None:
    """Refuse a body that is too large (``body_too_large``)."""
    if len(sent.body) > _BODY_LIMIT_BYTES:
        raise ShopError(f"The limit is {_BODY_LIMIT_BYTES} bytes.", code="body_too_large")


def parse_body[T](sent: _Sent, kind: type[T]) -> T:
    """Parse the JSON body as a struct; an empty body counts as ``{}``. ``bytes`` are returned unparsed.

    Raises
    ------
    ShopError
        ``unsupported_media_type``, ``invalid_json`` or ``validation_failed``.
    """
    raw = sent.body
    if isinstance(raw, kind):
        return raw
    if raw and not _is_json(sent.headers.get("content-type", "application/json")):
        raise ShopError("Send application/json.", code="unsupported_media_type")
    if _has_nul(raw.decode(errors="replace")):
        raise InvalidRequest("Text must not contain the character U+0000.")
    try:
        body: T = _decoder(kind).decode(raw or b"{}")
    except msgspec.ValidationError as error:
        raise invalid_field(error, kind) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}", code="invalid_json") from error
    return body


def parse_query[T](sent: _Sent, kind: type[T]) -> T:
    """Parse the query string as a struct; numbers and booleans are converted from text."""
    values: dict[str, str] = {}
    for name, (value, *more) in sent.query.items():
        if more:
            raise InvalidRequest.field(name, "must be given once")
        if "\x00" in value:
            raise InvalidRequest.field(name, "must not contain the character U+0000")
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid_field(error, kind) from error


def bearer_token(sent: _Sent) -> str | None:
    """Return the token of ``Authorization: Bearer <token>``; None without that header.

    Raises
    ------
    Unauthenticated
        If the header has another form.
    """
    value = sent.headers.get("authorization")
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _TOKEN_LIMIT:
        raise Unauthenticated("Send Authorization: Bearer <token>.")
    return token.strip()


def parse_json_parameter[T](text: str, kind: type[T], name: str) -> T:
    """Parse a query parameter that is JSON.

    Raises
    ------
    InvalidRequest
        If it is not valid JSON, or a field in it is unknown or wrong; the error names the field.
    """
    if _has_nul(text):
        raise InvalidRequest.field(name, "must not contain the character U+0000")
    try:
        value: T = _decoder(kind).decode(text)
    except msgspec.ValidationError as error:
        inner = invalid_field(error, kind).errors[0]
        path = name if inner.field == "body" else f"{name}.{inner.field}"
        raise InvalidRequest.field(path, inner.message) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest.field(name, f"must be valid JSON: {error}") from error
    return value


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of a contract, created once."""
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind, dec_hook=_amount, float_hook=_exactly)
    return _decoders[kind]


def _exactly(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation:  # the exponent is out of range for any amount
        return Decimal("Infinity")


def _amount(kind: type, value: Any) -> Amount:
    """Decode `Amount`, the only contract type that msgspec does not support."""
    if kind is not Amount:
        raise NotImplementedError(f"no field may be of {kind}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        given = {str: "str", bool: "bool", type(None): "null"}.get(type(value), "no number")
        raise TypeError(f"Expected `number`, got `{given}`")
    return Amount(value)


def _has_nul(text: str) -> bool:
    """Return whether JSON text contains U+0000, which PostgreSQL's text cannot store."""
    return r"\u0000" in text and bool(_NUL.search(text))


def parse_id(path: Mapping[str, str], name: str) -> UUID:
    """Parse a path parameter such as ``product_id``; raise `NotFound` if it is not a UUID."""
    try:
        return UUID(path[name])
    except ValueError as error:
        thing = name.removesuffix("_id")
        raise NotFound(
            f"There is no {thing} {path[name][:64]!r}.", code=f"{thing}_not_found"
        ) from error


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
