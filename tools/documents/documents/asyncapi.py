"""The AsyncAPI document, from ``contracts/events.py``."""

from typing import Any, Final

import msgspec

from documents.schemas import REF, published
from shop.contracts.events import CONSUMERS, DELIVERY_LIMIT, EVENTS, EXCHANGE, queue_name

_HEADER: Final = {
    "event_id": {"type": "string", "format": "uuid"},
    "event_type": {"type": "string"},
    "version": {"type": "integer"},
    "occurred_at": {"type": "string", "format": "date-time"},
    "correlation_id": {"type": "string"},
}


def document() -> dict[str, Any]:
    """Make the document (AsyncAPI 3.0)."""
    schemas, components = msgspec.json.schema_components(EVENTS.values(), ref_template=REF)
    messages = {}
    for event_type, event, schema in zip(EVENTS, EVENTS.values(), schemas, strict=True):
        body = components[schema["$ref"].rsplit("/", 1)[1]]
        body["properties"] = {
            **_HEADER,
            "event_type": {"const": event_type},
            "version": {"const": event.format_version},
            **body["properties"],
        }
        body["required"] = [*_HEADER, *body.get("required", [])]
        messages[event_type] = {
            "name": event_type,
            "summary": (event.__doc__ or "").strip().partition("\n")[0],
            "contentType": "application/json",
            "payload": schema,
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "shop events",
            "version": "0.1.0",
            "description": f"Topic exchange `{EXCHANGE}`; the routing key is the event type. Queues are "
            f"quorum queues named `<service>.<event_type>` with a delivery limit of {DELIVERY_LIMIT}, "
            "then `<queue>.dead`. Delivery is at least once, in order for each aggregate at the source.",
        },
        "channels": {
            event_type: {
                "address": event_type,
                "messages": {event_type: {"$ref": f"#/components/messages/{event_type}"}},
                "bindings": {
                    "amqp": {"is": "routingKey", "exchange": {"name": EXCHANGE, "type": "topic"}}
                },
            }
            for event_type in EVENTS
        },
        "operations": {
            queue_name(service, event_type): {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{event_type}"},
                "summary": f"functions/{service}/on_{event_type.replace('.', '_')}",
            }
            for service, event_type in CONSUMERS
        },
        "components": {"messages": messages, "schemas": published(components)},
    }
