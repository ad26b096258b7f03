"""RabbitMQ messages as AWS Lambda events of the source ``aws:rmq``."""

import base64
import datetime
import decimal
import json
from collections.abc import Iterable
from typing import Any

from pika import BasicProperties

MAX_EVENT_BYTES = 6 * 1024 * 1024
"""What one invocation may carry."""
_EVENT_OVERHEAD_BYTES = 512


def message(properties: BasicProperties, redelivered: bool, body: bytes) -> dict[str, Any]:
    """Return one message as Amazon MQ hands it to Lambda."""
    return {
        "basicProperties": {
            "contentType": properties.content_type,
            "contentEncoding": properties.content_encoding,
            "headers": {k: header(v) for k, v in (properties.headers or {}).items()},
            "deliveryMode": properties.delivery_mode,
            "priority": properties.priority,
            "correlationId": properties.correlation_id,
            "replyTo": properties.reply_to,
            "expiration": properties.expiration,
            "messageId": properties.message_id,
            "timestamp": _seconds(properties.timestamp),
            "type": properties.type,
            "userId": properties.user_id,
            "appId": properties.app_id,
            "clusterId": properties.cluster_id,
            "bodySize": len(body),
        },
        "redelivered": redelivered,
        "data": base64.b64encode(body).decode(),
    }


def header(value: Any) -> Any:
    """Return a header value as Java's JSON writer leaves it: strings become signed bytes.

    Examples
    --------
    >>> header("né")
    {'bytes': [110, -61, -87]}
    >>> header({"count": 2, "queue": "q"})
    {'count': 2, 'queue': {'bytes': [113]}}
    """
    match value:
        case str():
            value = {"bytes": _signed(value.encode())}
        case bytes():
            value = _signed(value)
        case dict():
            value = {k: header(v) for k, v in value.items()}
        case list() | tuple():
            value = [header(v) for v in value]
        case datetime.datetime():
            value = _date(value)
        case decimal.Decimal():
            value = float(value)
    return value


def _signed(data: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in data]


def _seconds(timestamp: int | None) -> str | None:
    if timestamp is None:
        return None
    try:
        return _date(datetime.datetime.fromtimestamp(timestamp, datetime.UTC))
    except (OverflowError, ValueError, OSError):
        # Any 64 bits may stand there, and those beyond the year 9999 are no date of Python's.
        return None


def _date(at: datetime.datetime) -> str:
    """Return a time as AWS does, ``Jan 1, 1970, 12:33:41 AM``."""
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M:%S %p}"


def size(encoded: dict[str, Any]) -> int:
    """Return the bytes that a message takes in an event."""
    return len(json.dumps(encoded)) + 2


def fits(sizes: int, more: int) -> bool:
    """Whether a message of ``more`` bytes still fits beside ``sizes`` bytes of others."""
    return not sizes or sizes + more + _EVENT_OVERHEAD_BYTES <= MAX_EVENT_BYTES


def event(source_arn: str, messages: Iterable[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    """Return the event for messages given as (queue, virtual host, message)."""
    by_queue: dict[str, list[dict[str, Any]]] = {}
    for queue, host, encoded in messages:
        by_queue.setdefault(f"{queue}::{host}", []).append(encoded)
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": source_arn,
        "rmqMessagesByQueue": by_queue,
    }
