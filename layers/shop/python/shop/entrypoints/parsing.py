"""Typed bodies, query strings, tokens and path parameters, or a clear refusal."""

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
#: An even number of backslashes before it is only backslashes.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_TOKEN_LIMIT: Final = 512
_decoders: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


class _Sent(Protocol):
    """What is read of a request; see `shop.entrypoints.operation.Received`."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def query(self) -> Mapping[str, list[str]]: ...

    @property
    def body(self) -> bytes: ...


def prepare(*kinds: Any) -> None:
    """Make the decoders of an endpoint's contracts, at INIT."""
    for kind in kinds:
        if kind not in (None, bytes):
            _decoder(kind)


def check_size(sent: _Sent) -> None:
    """Refuse a body that is too large (``body_too_large``)."""
    if len(sent.body) > _BODY_LIMIT_BYTES:
        raise ShopError(f"The limit is {_BODY_LIMIT_BYTES} bytes.", code="body_too_large")


def parse_body[T](sent: _Sent, kind: type[T]) -> T:
    """Read the JSON body as a struct; no body reads as ``{}``. One of ``bytes`` is left as it is.

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
    """Read the query string as a struct; values are text, so numbers and booleans are converted."""
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
    """Give the token of ``Authorization: Bearer <token>``, None without that header.

    Raises
    ------
    Unauthenticated
        If the header is something else.
    """
    value = sent.headers.get("authorization")
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _TOKEN_LIMIT:
        raise Unauthenticated("Send Authorization: Bearer <token>.")
    return token.strip()


def parse_json_parameter[T](text: str, kind: type[T], name: str) -> T:
    """Read a query parameter that is JSON; a refusal names the field inside it.

    Raises
    ------
    InvalidRequest
        If it is not valid JSON, or a field in it is unknown or wrong.
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


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
