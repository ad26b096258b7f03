"""Reads CloudWatch Logs of the stack under test."""

import json
from typing import Any

from tests.integration.localstack.conftest import Deployed
from tests.support.waiting import eventually

FUNCTIONS, ACCESS = "/t/functions", "/t/access"


def events(stack: Deployed, group: str, **options: Any) -> list[dict[str, Any]]:
    """All events of a group, page after page."""
    pages = stack.aws.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=group, **options)
    return [event for page in found for event in page["events"]]


def documents(stack: Deployed, request_id: str) -> list[dict[str, Any]]:
    """The `platform.*` documents of an invocation, once Lambda has written its report."""

    return eventually(
        lambda: [
            json.loads(event["message"])
            for event in events(stack, FUNCTIONS, filterPattern=f'"{request_id}"')
            if event["message"].startswith('{"time":')
        ],
        what=f"{request_id} is reported",
        until=lambda found: any(each["type"] == "platform.report" for each in found),
    )
