"""Opaque cursors: the place in a list after which the next page continues."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from shop.domain.errors import InvalidRequest

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

type Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """The last row of a page.

    Attributes
    ----------
    listing : str
        The list and its order and filters, with which alone the cursor can be used.
    key : datetime or int
        The value by which the list is sorted.
    id : UUID
        Orders rows with equal keys.
    """

    listing: str
    key: Moment | Number
    id: UUID


def write_cursor(place: msgspec.Struct) -> str:
    """Encode a place as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor[T](cursor: str, kind: type[T]) -> T:
    """Decode a cursor.

    Raises
    ------
    InvalidRequest
        If it is not a cursor of this kind.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, ValueError) as error:
        raise foreign_cursor() from error


def read_place(cursor: str, listing: str, key: type[datetime] | type[int]) -> Place:
    """Decode the cursor of one list; raise as `read_cursor` does."""
    place = read_cursor(cursor, Place)
    if place.listing != listing or not isinstance(place.key, key):
        raise foreign_cursor()
    return place


def write_moment(at: datetime, identity: bytes) -> str:
    """Encode a time and what orders the rows of that time, in bytes: half as long as a `Place`."""
    microseconds = (at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(microseconds.to_bytes(8) + identity).decode()


def read_moment[Identity](
    cursor: str, identity: Callable[[bytes], Identity]
) -> tuple[datetime, Identity]:
    """Decode a cursor of `write_moment`.

    Parameters
    ----------
    identity : callable
        Decodes what orders the rows of one time; raises ValueError for anything else.

    Raises
    ------
    InvalidRequest
        If it is not a cursor of this kind.
    """
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        return _EPOCH + int.from_bytes(raw[:8]) * _MICROSECOND, identity(raw[8:])
    except (binascii.Error, ValueError, OverflowError) as error:
        raise foreign_cursor() from error


def cut[Row](
    found: Sequence[Row], limit: int, cursor_of: Callable[[Row], str]
) -> tuple[list[Row], str | None]:
    """Return a page of rows, and the cursor of the next one; None if there is none.

    Parameters
    ----------
    found : sequence
        One row more than `limit` if there is a next page.
    cursor_of : callable
        The cursor that continues after a row.
    """
    page = list(found[:limit])
    return page, cursor_of(page[-1]) if len(found) > limit else None


def foreign_cursor() -> InvalidRequest:
    """Create the refusal of a cursor that no page of this list has given."""
    return InvalidRequest.field("cursor", "is not a next_cursor of an earlier answer of this list")


def check_paging(page: int, cursor: str | None) -> None:
    """Refuse a page beside a cursor."""
    if cursor is not None and page != 1:
        raise InvalidRequest.field("page", "must not be sent with a cursor")
