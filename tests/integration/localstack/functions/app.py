"""Lambda functions for the tests of the LocalStack plugin; none of them imports what it can avoid."""

import base64
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

RECORDS = Path(os.environ.get("RECORDS", ""))


class OutOfStock(Exception):
    """A business error that a state machine catches by name."""


def record(name: str, value: object) -> None:
    """Tell the test what a function saw."""
    with (RECORDS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": time.time(), "pid": os.getpid(), "value": value}) + "\n")


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with what is asked for, and with what the function sees of its world."""
    if event.get("print"):
        print(event["print"])
    if event.get("log"):
        logging.getLogger().warning(event["log"])
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("exit") is not None:
        os._exit(event["exit"])
    if event.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if event.get("raise"):
        raise OutOfStock(event["raise"])
    return {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "path": sys.path,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "input": event,
    }


def http(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request of API Gateway with itself."""
    query = event.get("queryStringParameters") or {}
    if "sleep" in query:
        time.sleep(float(query["sleep"]))
    if "exit" in query:
        os._exit(int(query["exit"]))
    if "raise" in query:
        raise RuntimeError(query["raise"])
    if "bytes" in query:
        body = bytes(range(256)) * (int(query["bytes"]) // 256)
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "image/png"},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
    return {
        "statusCode": int(query.get("status", "200")),
        "headers": {"Content-Type": "application/json", "X-Request-Id": context.aws_request_id},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": json.dumps(event),
    }


def outer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Call a state machine that calls a function, as the checkout does."""
    import boto3

    answer = boto3.client("stepfunctions").start_sync_execution(
        stateMachineArn=os.environ["INNER_MACHINE"], input=json.dumps(event)
    )
    return {"status": answer["status"], "output": json.loads(answer.get("output", "null"))}


def inner(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take a moment, or fail as asked."""
    time.sleep(event.get("seconds", 0))
    if event.get("fail"):
        raise OutOfStock("nothing left")
    return {"done": True, **event}


def token(event: dict[str, Any], context: Any) -> None:
    """Keep a task token for the test to answer with."""
    record("tokens", event)


def consume(event: dict[str, Any], context: Any) -> None:
    """Take a batch of messages, or refuse it while the test says so."""
    record(os.environ["AWS_LAMBDA_FUNCTION_NAME"].split("-")[1], event)
    if (RECORDS / "refuse").exists():
        raise RuntimeError("refused")


def scheduled(event: dict[str, Any], context: Any) -> None:
    """Note that a schedule fired."""
    record("schedules", event)
