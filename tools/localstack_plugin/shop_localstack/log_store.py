"""CloudWatch Logs of LocalStack, whose events are moto's: quick to read, bounded, and with lasting event ids.

moto reads all events of a group for each page of FilterLogEvents, orders them by stream, and numbers them
from 0 at each start. Here a group has its events in one list, in the order of their timestamps, in which a
page is found by bisection; ids grow from one start of LocalStack to the next, so that a reader who keeps the
ids that it has seen can tell new events from old ones.

"FilterLogEvents" of the CloudWatch Logs API Reference says what a page is: at most 1 MB or 10,000 events,
both bounds of time included, events of all streams in the order of their timestamps.
"""

import hashlib
import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogEvent, LogGroup, LogsBackend, LogStream, logs_backends
from moto.logs.utils import EventMessageFilter

KEPT_EVENTS = 200_000
"""Of each group; these take about 150 MB."""
_EVICTED_AT_ONCE = 10_000
_PAGE_EVENTS = 10_000
_PAGE_BYTES = 2**20

type Entry = tuple[int, int, LogStream, LogEvent]
"""Timestamp in ms, number of the event, and the two."""

_lock = threading.RLock()
_put: Callable[[LogStream, list[dict[str, Any]]], str]


def apply() -> None:
    """Put the changes in place."""
    global _put  # noqa: PLW0603 - what LocalStack has made of it when its own changes are applied
    _put = LogStream.put_log_events
    LogEvent._event_id = max(LogEvent._event_id, time.time_ns())
    LogStream.put_log_events = put_log_events  # type: ignore[method-assign, assignment]
    LogGroup.filter_log_events = filter_log_events  # type: ignore[method-assign, assignment]
    LogGroup.to_describe_dict = describe  # type: ignore[method-assign, assignment]


def append(
    account: str, region: str, group: str, stream: str, events: Sequence[tuple[int, str]]
) -> None:
    """Write events without the client, signature and gateway of CloudWatch Logs.

    Parameters
    ----------
    events
        Timestamp in ms, and message.
    """
    backend: LogsBackend = logs_backends[account][region]
    with _lock:
        if group not in backend.groups:
            backend.create_log_group(group, {})
        streams = backend.groups[group].streams
        if stream not in streams:
            backend.create_log_stream(group, stream)
        streams[stream].put_log_events([{"timestamp": at, "message": text} for at, text in events])


def put_log_events(stream: LogStream, log_events: list[dict[str, Any]]) -> str:
    """Store events, and drop the oldest of a group that has too many."""
    group = stream.log_group
    with _lock:
        timeline, before = _timeline(group), len(stream.events)
        token = _put(stream, log_events)
        for event in stream.events[before:]:
            insort(timeline, (event.timestamp, event.event_id, stream, event), key=_place)
        if len(timeline) >= KEPT_EVENTS + _EVICTED_AT_ONCE:
            _evict(group, timeline, len(timeline) - KEPT_EVENTS)
    return token


def filter_log_events(  # noqa: PLR0917 - as moto calls it
    group: LogGroup,
    log_group_name: str,  # noqa: ARG001 - by position
    log_stream_names: list[str],
    start_time: int | None,
    end_time: int | None,
    limit: int | None,
    next_token: str | None,
    filter_pattern: str | None,
    interleaved: bool,  # noqa: ARG001 - as AWS says: events are interleaved always
) -> tuple[list[dict[str, Any]], str | None, list[dict[str, Any]]]:
    """Return one page of events, and the token of the next one if there may be one.

    Patterns are moto's: words and quoted phrases; it returns all events for others.
    """
    matcher = EventMessageFilter(filter_pattern) if filter_pattern else None
    names = frozenset(log_stream_names or ())
    page: list[dict[str, Any]] = []
    size, token = 0, None
    with _lock:
        timeline = _timeline(group)
        low = bisect_left(timeline, (start_time or 0, 0), key=_place)
        high = len(timeline)
        if end_time is not None:
            high = bisect_left(timeline, (end_time + 1, 0), key=_place)
        if next_token:
            low = max(low, bisect_right(timeline, _parse(next_token), key=_place))
        for index in range(low, high):
            at, number, stream, event = timeline[index]
            if group.streams.get(stream.log_stream_name) is not stream:  # it was deleted
                continue
            if names and stream.log_stream_name not in names:
                continue
            if matcher and not matcher.matches(event.message):
                continue
            page.append(
                {
                    "eventId": f"{number:056}",
                    "ingestionTime": event.ingestion_time,
                    "logStreamName": stream.log_stream_name,
                    "message": event.message,
                    "timestamp": at,
                }
            )
            size += len(event.message)
            if len(page) >= (limit or _PAGE_EVENTS) or size >= _PAGE_BYTES:
                token = f"{at}-{number}" if index + 1 < high else None
                break
    return page, token, []


def describe(group: LogGroup) -> dict[str, Any]:
    """Describe a group; LocalStack copies all of its events to do so."""
    described = {
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "creationTime": group.creation_time,
        "logGroupName": group.name,
        "metricFilterCount": 0,
        "storedBytes": sum(stream.stored_bytes for stream in list(group.streams.values())),
        "retentionInDays": group.retention_in_days,
        "kmsKeyId": group.kms_key_id,
    }
    return {name: value for name, value in described.items() if value is not None}


def stream_of(*names: str) -> str:
    """Return the name of a stream that is not a function's: 32 hexadecimal digits, as on AWS."""
    return hashlib.md5("/".join(names).encode(), usedforsecurity=False).hexdigest()


def _timeline(group: LogGroup) -> list[Entry]:
    """Return all events of a group, also those from before the changes were applied."""
    if "timeline" not in vars(group):
        group.timeline = sorted(  # type: ignore[attr-defined]
            (
                (event.timestamp, event.event_id, stream, event)
                for stream in group.streams.values()
                for event in stream.events
            ),
            key=_place,
        )
    timeline: list[Entry] = vars(group)["timeline"]
    return timeline


def _evict(group: LogGroup, timeline: list[Entry], count: int) -> None:
    gone = timeline[:count]
    del timeline[:count]
    numbers = {number for _, number, _, _ in gone}
    for stream in {id(stream): stream for _, _, stream, _ in gone}.values():
        stream.events = [event for event in stream.events if event.event_id not in numbers]
        if not stream.events and group.streams.get(stream.log_stream_name) is stream:
            del group.streams[stream.log_stream_name]


def _place(entry: Entry) -> tuple[int, int]:
    return entry[:2]


def _parse(token: str) -> tuple[int, int]:
    at, _, number = token.partition("-")
    if not (at.isdecimal() and number.isdecimal()):
        raise InvalidParameterException("The specified nextToken is invalid.")
    return int(at), int(number)
