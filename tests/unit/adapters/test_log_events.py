"""FilterLogEvents, on moto."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from shop.adapters.aws.log_events import CloudWatchLogReader
from shop.domain.errors import DependencyUnavailable
from shop.services.finance.ports import LogEvent, TokenExpired

GROUP = "/shop/functions"
STREAM = "2026/11/27/shop-CartGetCartFunction-1A2B3C4D5E6F[$LATEST]0123456789abcdef"
# The service takes no event that is older than its retention.
NOW = datetime.now(UTC).replace(microsecond=0)
SECOND = timedelta(seconds=1)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        made = boto3.client("logs", region_name="us-east-1")
        made.create_log_group(logGroupName=GROUP)
        made.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        yield made


def put(client: Any, *times: datetime) -> None:
    events = [
        {"timestamp": round(at.timestamp() * 1000), "message": f"m{number}"}
        for number, at in enumerate(times)
    ]
    client.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)


def test_events_of_a_window_without_its_end(client: Any) -> None:
    put(client, NOW - SECOND, NOW, NOW + SECOND, NOW + 2 * SECOND)
    page = CloudWatchLogReader(client).read(GROUP, NOW, NOW + 2 * SECOND)
    assert [(event.stream, event.timestamp, event.message) for event in page.events] == [
        (STREAM, NOW, "m1"), (STREAM, NOW + SECOND, "m2"),
    ]  # fmt: skip
    assert len({event.event_id for event in page.events}) == 2
    assert page.next_token is None


def test_pages_follow_each_other(client: Any) -> None:
    # The most that one page holds, and three more.
    for begin in range(0, 10_003, 1_000):
        count = min(1_000, 10_003 - begin)
        put(client, *(NOW + timedelta(milliseconds=begin + number) for number in range(count)))
    reader = CloudWatchLogReader(client)
    found: list[LogEvent] = []
    token: str | None = None
    pages = 0
    while pages == 0 or token:
        page = reader.read(GROUP, NOW, NOW + 60 * SECOND, token)
        found += page.events
        token = page.next_token
        pages += 1
    assert pages == 2
    assert len({event.event_id for event in found}) == len(found) == 10_003


def test_a_missing_log_group_is_an_outage(client: Any) -> None:
    with pytest.raises(DependencyUnavailable, match="ResourceNotFoundException for /shop/other"):
        CloudWatchLogReader(client).read("/shop/other", NOW, NOW + SECOND)


class _Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def filter_log_events(self, **_call: Any) -> Any:
        raise self._error


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "?"}}, "FilterLogEvents")


def test_a_token_that_is_refused_has_expired() -> None:
    reader = CloudWatchLogReader(_Failing(_refusal("InvalidParameterException")))
    with pytest.raises(TokenExpired):
        reader.read(GROUP, NOW, NOW + SECOND, "old")
    with pytest.raises(DependencyUnavailable):
        reader.read(GROUP, NOW, NOW + SECOND)


@pytest.mark.parametrize(
    "error", [_refusal("ThrottlingException"), EndpointConnectionError(endpoint_url="https://logs")]
)
def test_a_service_that_does_not_answer_is_unavailable(error: Exception) -> None:
    with pytest.raises(DependencyUnavailable):
        CloudWatchLogReader(_Failing(error)).read(GROUP, NOW, NOW + SECOND, "t")
