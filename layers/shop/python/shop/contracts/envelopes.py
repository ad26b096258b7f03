"""Messages: a domain event with its metadata, and its JSON body."""

from datetime import datetime
from uuid import UUID

import msgspec

from shop.contracts.encoding import ENCODER
from shop.contracts.events import EVENTS, Event


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its metadata; encoded as one flat JSON object."""

    event_id: UUID
    occurred_at: datetime
    correlation_id: str
    event: Event

    @property
    def event_type(self) -> str:
        """The routing key."""
        return self.event.event_type

    @property
    def order_id(self) -> UUID | None:
        """The order that the event is about; None if it concerns no order."""
        return getattr(self.event, "order_id", None)

    def log_fields(self) -> dict[str, str]:
        """Return the fields that identify the event in a log line."""
        fields = {
            "event_id": str(self.event_id),
            "event_type": self.event_type,
            "correlation_id": self.correlation_id,
        }
        return fields | ({"order_id": str(self.order_id)} if self.order_id else {})


def encode(envelope: Envelope) -> bytes:
    """Encode the JSON body of a message."""
    body = {
        "event_id": envelope.event_id,
        "event_type": envelope.event_type,
        "version": envelope.event.format_version,
        "occurred_at": envelope.occurred_at,
        "correlation_id": envelope.correlation_id,
        **msgspec.structs.asdict(envelope.event),
    }
    return ENCODER.encode(body)


def decode(body: bytes) -> Envelope:
    """Decode the JSON body of a message.

    Raises
    ------
    ValueError
        If it is not JSON, its type or version is unknown, or a field is missing or malformed. Unknown fields
        are ignored, so that producers can add fields before consumers know them.
    """
    try:
        header = msgspec.json.decode(body, type=_Header)
        event_class = EVENTS.get(header.event_type)
        if event_class is None:
            raise ValueError(f"unknown event type {header.event_type!r}")
        if header.version != event_class.format_version:
            raise ValueError(f"unknown version {header.version} of {header.event_type}")
        event = msgspec.json.decode(body, type=event_class)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return Envelope(
        event_id=header.event_id,
        occurred_at=header.occurred_at,
        correlation_id=header.correlation_id,
        event=event,
    )


class _Header(msgspec.Struct, frozen=True):
    event_id: UUID
    event_type: str
    version: int
    occurred_at: datetime
    correlation_id: str
