"""Parses Lambda events of the source ``aws:rmq``."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shop.contracts.events import ATTEMPTS_HEADER
from shop.domain.messages import QueuedMessage

#: Before RabbitMQ 4.3 the first header counts every return of a message. Since 4.3 it counts failures, which
#: exclude ``basic.nack``, and the second header counts every assignment to a consumer.
_DELIVERY_COUNTS: Final = ("x-delivery-count", "x-acquired-count")


def messages(received: Mapping[str, Any], queue: str) -> Iterator[QueuedMessage]:
    """Parse the mapping's batch: ``{"rmqMessagesByQueue": {"queue::vhost": [message, …]}}``."""
    for batch in received["rmqMessagesByQueue"].values():
        for message in batch:
            properties = message.get("basicProperties") or {}
            headers = properties.get("headers") or {}
            earlier = max(_number(headers.get(name)) for name in _DELIVERY_COUNTS)
            yield QueuedMessage(
                queue,
                _body(message["data"]),
                properties.get("messageId"),
                deliveries=1 + (earlier or int(bool(message.get("redelivered")))),
                attempts=_number(headers.get(ATTEMPTS_HEADER)),
            )


def _body(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        # Lambda always sends Base64; anything else is dead-lettered as malformed.
        return b""


def _number(value: Any) -> int:
    """Parse a counter; Lambda passes AMQP integers as numbers and long strings as signed bytes."""
    match value:
        case {"bytes": list(signed)}:
            text = bytes(byte % 256 for byte in signed if isinstance(byte, int)).decode("latin-1")
        case int() | str():
            text = str(value)
        case _:
            return 0
    return int(text) if text.isascii() and text.isdecimal() else 0
