"""Lambda functions as local processes, as a caller sees them."""

import base64
import re
import socket
import time
from typing import Any

import pytest

from tests.integration.localstack.conftest import Deployed

REPORT = re.compile(
    r"REPORT RequestId: \S+\tDuration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms"
    r"\tMemory Size: 256 MB\tMax Memory Used: (?P<memory>\d+) MB\t"
    r"(?:Init Duration: (?P<init>[\d.]+) ms\t)?(?:Status: (?P<status>\w+)\t)?"
)


def log_of(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def report_of(answer: dict[str, Any]) -> dict[str, str | Any]:
    found = REPORT.search(log_of(answer))
    assert found, log_of(answer)
    return found.groupdict()


def test_listens_on_loopback_only(stack: Deployed) -> None:
    other = next(
        (
            str(info[4][0])
            for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            if not str(info[4][0]).startswith("127.")
        ),
        "127.0.0.2",  # loopback, but not the address LocalStack is told to listen on
    )
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((other, stack.aws.port), timeout=1)


def test_a_cold_start_is_billed_and_reported_once(stack: Deployed) -> None:
    stack.invoke("t-echo", {"exit": 1})
    cold, warm = (report_of(stack.invoke("t-echo")) for _ in range(2))
    whole = float(cold["duration"]) + float(cold["init"])
    assert whole <= int(cold["billed"]) < whole + 1
    assert warm["init"] is None
    assert float(warm["duration"]) <= int(warm["billed"]) < float(warm["duration"]) + 1
    assert 5 < int(warm["memory"]) < 256


def test_log_lines_are_where_they_belong(stack: Deployed) -> None:
    answer = stack.invoke("t-echo", {"print": "to stdout", "log": "to the logger"})
    lines = log_of(answer).splitlines()
    request = answer["Payload"]["request_id"]
    assert lines[0] == f"START RequestId: {request} Version: $LATEST"
    assert "to stdout" in lines
    assert any("[WARNING]" in line and "to the logger" in line for line in lines)
    assert lines[-2] == f"END RequestId: {request}"
    assert lines[-1].startswith(f"REPORT RequestId: {request}\t")


def test_the_process_sees_what_lambda_sets(stack: Deployed) -> None:
    seen = stack.invoke("t-echo")["Payload"]
    variables = seen["environment"]
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "t-echo"
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert variables["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/t-echo"
    assert variables["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert variables["_HANDLER"] == "app.echo"
    assert variables["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert variables["AWS_ENDPOINT_URL"] == stack.aws.url
    assert variables["PLACE"] == "test"
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    assert "GATEWAY_LISTEN" not in variables
    assert 0 < seen["remaining_ms"] <= 2000


def test_the_function_comes_before_its_layers_on_the_path(stack: Deployed) -> None:
    seen = stack.invoke("t-echo")["Payload"]
    task, layer = seen["environment"]["LAMBDA_TASK_ROOT"], f"{stack.layer_folder}/python"
    assert seen["path"].index(task) < seen["path"].index(layer)
    assert task.endswith("functions")


def test_a_timeout_ends_the_process(stack: Deployed) -> None:
    before = stack.invoke("t-echo")["Payload"]["pid"]
    began = time.monotonic()
    answer = stack.invoke("t-echo", {"sleep": 30})
    assert 2 <= time.monotonic() - began < 20
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorMessage"].endswith("Task timed out after 2.00 seconds")
    report = report_of(answer)
    assert (report["duration"], report["status"]) == ("2000.00", "timeout")
    after = stack.invoke("t-echo")["Payload"]["pid"]
    assert after != before


def test_a_crash_is_an_error_and_the_next_call_works(stack: Deployed) -> None:
    answer = stack.invoke("t-echo", {"exit": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in answer["Payload"]["errorMessage"]
    assert report_of(stack.invoke("t-echo"))["init"]


def test_an_exception_keeps_its_type_and_the_process(stack: Deployed) -> None:
    before = stack.invoke("t-echo")["Payload"]["pid"]
    answer = stack.invoke("t-echo", {"raise": "nothing left"})
    assert answer["Payload"]["errorType"] == "OutOfStock"
    assert stack.invoke("t-echo")["Payload"]["pid"] == before


def test_code_that_cannot_be_imported_says_why(stack: Deployed) -> None:
    answer = stack.invoke("t-broken")
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'missing'" in log_of(answer)


def test_changed_code_is_reloaded(stack: Deployed) -> None:
    assert stack.invoke("t-reloaded")["Payload"] == "first"
    (stack.layer_folder / "python" / "reloaded.py").write_text(
        "def handler(event, context):\n    return 'the second'\n"
    )
    time.sleep(0.3)
    assert stack.invoke("t-reloaded")["Payload"] == "the second"


def test_changed_data_beside_the_code_is_reloaded_too(stack: Deployed) -> None:
    folder = stack.layer_folder / "python"
    (folder / "reloaded.py").write_text(
        "import pathlib\n"
        "TEXT = pathlib.Path(__file__).with_name('words.txt').read_text()\n"
        "def handler(event, context):\n    return TEXT\n"
    )
    for words in ("one", "another"):
        (folder / "words.txt").write_text(words)
        time.sleep(0.3)
        assert stack.invoke("t-reloaded")["Payload"] == words


def test_a_large_payload_goes_both_ways(stack: Deployed) -> None:
    text = "x" * 5_000_000
    assert stack.invoke("t-echo", {"text": text})["Payload"]["input"]["text"] == text
