"""The sample event of a new function, made from one of the same kind."""

import json
from pathlib import Path
from typing import Any

type Event = dict[str, Any]


class NoSample(Exception):
    """No function consumes such an event yet, so that there is no message to copy."""


def endpoint(events: Path, path: str) -> Event:
    """Return API Gateway's event of a GET without a body, a session or parameters."""
    event = _read(events / "platform/get_problem.json")
    event |= {"resource": path, "path": path, "pathParameters": None}
    event["requestContext"] |= {"resourcePath": path, "path": f"/prod{path}"}
    return event


def consumer(events: Path, queue: str, event_type: str) -> Event:
    """Return Amazon MQ's event with a message of this type.

    Raises
    ------
    NoSample
        If no function consumes the type.
    """
    for path in sorted(events.glob("*/on_*.json")):
        event = _read(path)
        for source, messages in event["rmqMessagesByQueue"].items():
            if source.partition("::")[0].partition(".")[2] == event_type:
                return event | {"rmqMessagesByQueue": {f"{queue}::/": messages[:1]}}
    raise NoSample(
        f"no function consumes {event_type} yet: write events/… by hand, docs/adding.md says how"
    )


def schedule(events: Path, logical_id: str) -> Event:
    """Return EventBridge Scheduler's event."""
    event = _read(events / "platform/prune_records.json")
    (arn,) = event["resources"]
    return event | {"resources": [arn.replace("PlatformPruneRecordsFunction", logical_id)]}


def _read(path: Path) -> Event:
    event: Event = json.loads(path.read_text())
    return event
