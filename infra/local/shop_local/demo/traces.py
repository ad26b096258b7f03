"""Traces of the purchase: the functions' logs and the e-mails."""

import json
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import boto3
import httpx

from shop_local.deploy import STACK
from shop_local.functions import is_name_of

_GROUP = f"/{STACK}/functions"
#: Functions of the chain that a payment sets off, in the order in which it runs. Of the first two, the one
#: that learns of the payment first records it.
_CHAIN = (
    "PaymentsProcessPayment", "PaymentsReceiveWebhook", "InventoryOnOrderPaid",
    "OrdersOnInventoryConfirmed", "NotificationsOnOrderConfirmed",
)  # fmt: skip
#: The log messages to show, and the key of what is shown beside each.
_STEPS = {
    "consumed": "event_type",
    "event recorded": "event_type",
    "stock confirmed": "",
    "order moved": "status",
    "e-mail sent": "kind",
}


def event_chain(environment: Mapping[str, str], order_id: str) -> list[str]:
    """Read the functions' log lines about an order's events, oldest first.

    Parameters
    ----------
    environment : mapping
        The stack's settings: ``AWS_ENDPOINT_URL`` and credentials.
    """
    logs = boto3.client(
        "logs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    lines = [
        (entry["timestamp"], _line(function, entry)) for function, entry in _entries(logs, order_id)
    ]
    return [line for _, line in sorted(lines, key=itemgetter(0))]


def emails(environment: Mapping[str, str], recipient: str) -> list[dict[str, Any]]:
    """Read the e-mails that SES accepted for an address, oldest first."""
    answer = httpx.get(f"{environment['AWS_ENDPOINT_URL']}/_aws/ses", timeout=10)
    answer.raise_for_status()
    return [
        message
        for message in answer.json()["messages"]
        if recipient in message.get("Destination", {}).get("ToAddresses", [])
    ]


def _entries(logs: Any, order_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for page in logs.get_paginator("filter_log_events").paginate(
        logGroupName=_GROUP, filterPattern=f'"{order_id}"'
    ):
        for event in page["events"]:
            name = event["logStreamName"].rpartition("/")[2].partition("[")[0]
            function = next((full for full in _CHAIN if is_name_of(name, f"{full}Function")), None)
            if function is None or not event["message"].startswith("{"):
                continue
            entry = json.loads(event["message"])
            if entry.get("message") in _STEPS:
                yield function, entry


def _line(function: str, entry: dict[str, Any]) -> str:
    message = entry["message"]
    return f"{entry['timestamp'][11:23]}  {function:<30} {message:<15} {entry.get(_STEPS[message], '')}"
