"""FilterLogEvents on LocalStack: pages, bounds, order and ids as CloudWatch Logs documents them."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localstack.conftest import Deployed

GROUP = "/t/store"


@pytest.fixture
def logs(stack: Deployed) -> Iterator[Any]:
    client = stack.aws.client("logs")
    stack.invoke("t-echo")  # the plugin changes services with the first function
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


def put(logs: Any, stream: str, *events: tuple[int, str]) -> None:
    names = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)
    if not names["logStreams"]:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": at, "message": text} for at, text in events],
    )


def read(logs: Any, **options: Any) -> list[dict[str, Any]]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, **options)
    return [event for page in pages for event in page["events"]]


def texts(logs: Any, **options: Any) -> list[str]:
    return [event["message"] for event in read(logs, **options)]


def test_events_of_all_streams_come_in_the_order_of_their_time(logs: Any) -> None:
    now = int(time.time() * 1000)
    put(logs, "a", (now, "1"), (now + 20, "3"))
    put(logs, "b", (now + 10, "2"), (now + 20, "4"))
    put(logs, "a", (now - 60_000, "0"))  # late
    assert texts(logs) == ["0", "1", "2", "3", "4"]
    assert texts(logs, PaginationConfig={"PageSize": 2}) == ["0", "1", "2", "3", "4"]
    assert texts(logs, logStreamNames=["b"]) == ["2", "4"]
    assert texts(logs, filterPattern='"3"') == ["3"]


def test_both_bounds_are_included(logs: Any) -> None:
    now = int(time.time() * 1000)
    put(logs, "a", *((now + each, str(each)) for each in range(5)))
    assert texts(logs, startTime=now + 1, endTime=now + 3) == ["1", "2", "3"]
    assert texts(logs, startTime=now + 4) == ["4"]
    assert texts(logs, endTime=now) == ["0"]
    assert texts(logs, startTime=now + 5) == []


def test_a_page_is_complete_though_events_arrive_meanwhile(logs: Any) -> None:
    now = int(time.time() * 1000)
    put(logs, "a", *((now + each, str(each)) for each in range(10)))
    first = logs.filter_log_events(logGroupName=GROUP, limit=4)
    put(logs, "b", (now - 1, "late"), (now + 100, "new"))
    second = logs.filter_log_events(logGroupName=GROUP, nextToken=first["nextToken"])
    found = [event["message"] for page in (first, second) for event in page["events"]]
    assert found == [*map(str, range(10)), "new"]
    assert "nextToken" not in second


def test_a_malformed_token_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName=GROUP, nextToken="nonsense")


def test_a_deleted_stream_is_gone(logs: Any) -> None:
    now = int(time.time() * 1000)
    put(logs, "a", (now, "old"))
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="a")
    assert texts(logs) == []
    put(logs, "a", (now, "new"))
    assert texts(logs) == ["new"]


def test_a_group_describes_itself(logs: Any) -> None:
    put(logs, "a", (int(time.time() * 1000), "12345"))
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["arn"].endswith(f":log-group:{GROUP}:*")
    assert (group["storedBytes"], group["retentionInDays"]) == (5, 7)


def test_reading_is_quick_and_memory_bounded(logs: Any) -> None:
    """50,000 events are paged within seconds; beyond 210,000 the oldest go."""
    begin = int(time.time() * 1000) - 1_000_000
    message = "x" * 200

    def fill(first: int, last: int) -> None:
        for start in range(first, last, 5_000):
            block = ((begin + each, f"{each} {message}") for each in range(start, start + 5_000))
            put(logs, f"s{start // 5_000 % 10}", *block)

    fill(0, 50_000)
    began = time.monotonic()
    found = read(logs)
    assert time.monotonic() - began < 30
    assert [int(each["message"].split()[0]) for each in found] == list(range(50_000))
    assert len({each["eventId"] for each in found}) == 50_000
    took: list[float] = []
    # What reads all 50,000 takes seconds each time; a busy machine, now and then.
    while len(took) < 10 and min(took, default=1) >= 0.5:
        began = time.monotonic()
        assert len(read(logs, startTime=begin + 49_900)) == 100
        took.append(time.monotonic() - began)
    assert min(took) < 0.5

    fill(50_000, 210_000)
    oldest = logs.filter_log_events(logGroupName=GROUP, limit=1)["events"]
    assert int(oldest[0]["message"].split()[0]) == 10_000
    newest = texts(logs, startTime=begin + 209_999)
    assert int(newest[0].split()[0]) == 209_999


def test_ids_are_never_those_of_an_earlier_start(logs: Any) -> None:
    """A reader that remembers ids would take another start's events for ones it has seen."""
    now = int(time.time() * 1000)
    put(logs, "a", (now, "1"), (now, "2"))
    before = [event["eventId"] for event in read(logs)]
    assert before == [event["eventId"] for event in read(logs)]
    assert all(len(each) == 56 and each.isdecimal() for each in before)
    assert all(one < other for one, other in pairwise(before))
    assert min(before) > f"{(time.time_ns() - 3600 * 10**9):056}"
