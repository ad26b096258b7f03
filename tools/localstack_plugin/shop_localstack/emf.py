"""Turn embedded metric format (EMF) log lines into CloudWatch metrics, in the background."""

import json
import logging
import threading
from functools import cache
from queue import SimpleQueue
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

_output: "SimpleQueue[tuple[str, str, str]]" = SimpleQueue()


def forward(output: str, account: str, region: str) -> None:
    """Queue the output of an invocation; returns at once."""
    _start()
    _output.put((output, account, region))


def metrics(line: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the namespace and metric data of one log line; nothing if it is not EMF."""
    try:
        document = json.loads(line)
        meta = document["_aws"]
        return [
            (
                directive["Namespace"],
                [
                    {
                        "MetricName": metric["Name"],
                        "Unit": metric.get("Unit", "None"),
                        "Timestamp": meta["Timestamp"] / 1000,
                        "Dimensions": [{"Name": n, "Value": str(document[n])} for n in names],
                        "Values": values
                        if isinstance(values := document[metric["Name"]], list)
                        else [values],
                    }
                    for metric in directive["Metrics"]
                    for names in directive["Dimensions"] or [[]]
                ],
            )
            for directive in meta["CloudWatchMetrics"]
        ]
    except (ValueError, KeyError, TypeError):
        return []  # AWS drops malformed documents as silently


@cache
def _start() -> None:
    threading.Thread(target=_loop, name="lambda-emf", daemon=True).start()


def _loop() -> None:
    while True:
        output, account, region = _output.get()
        client = connect_to(region_name=region, aws_access_key_id=account).cloudwatch
        for line in output.splitlines():
            if '"CloudWatchMetrics"' not in line:
                continue
            for namespace, data in metrics(line):
                try:
                    client.put_metric_data(Namespace=namespace, MetricData=data)
                except (ClientError, BotoCoreError) as error:
                    LOG.warning("Metrics of %s are lost: %s", namespace, error)
