"""Log groups of CloudWatch Logs, read by FilterLogEvents."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, override

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.domain.errors import DependencyUnavailable
from shop.services.finance.ports import LogEvent, LogPage, LogReader, TokenExpired

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def logs_client() -> Any:
    """Make the client; FilterLogEvents is throttled per account, which the standard mode waits for."""
    return boto3.client(
        "logs",
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 4},
        ),
    )


class CloudWatchLogReader(LogReader):
    """Reads log groups through the API of CloudWatch Logs.

    Parameters
    ----------
    client : boto3 client, optional
        `logs_client` by default.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client or logs_client()

    @override
    def read(
        self, log_group: str, since: datetime, until: datetime, token: str | None = None
    ) -> LogPage:
        more = {"nextToken": token} if token else {}
        try:
            answer = self._client.filter_log_events(
                logGroupName=log_group,
                startTime=_milliseconds(since),
                # CloudWatch includes the end.
                endTime=_milliseconds(until) - 1,
                **more,
            )
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            if token and code == "InvalidParameterException":
                raise TokenExpired from error
            detail = f"CloudWatch Logs answered {code} for {log_group}."
            raise DependencyUnavailable("cloudwatch logs", detail) from error
        except BotoCoreError as error:
            raise DependencyUnavailable("cloudwatch logs") from error
        events = [
            LogEvent(
                event["eventId"],
                event["logStreamName"],
                _EPOCH + event["timestamp"] * _MILLISECOND,
                event["message"],
            )
            for event in answer["events"]
        ]
        return LogPage(events, answer.get("nextToken"))


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
