"""Nothing stays behind when LocalStack ends, however it ends."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.integration.localstack.conftest import LocalStack
from tests.support.processes import command_line, runs


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_all_processes_end(
    start_localstack: Callable[[Path], LocalStack], tmp_path: Path, how: signal.Signals
) -> None:
    (tmp_path / "app.py").write_text(
        "import subprocess\n"
        "subprocess.Popen(['sleep', '600'])\n"
        "def handler(event, context):\n    return 1\n"
    )
    aws = start_localstack(tmp_path)
    client = aws.client("lambda")
    client.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/r",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
    assert client.invoke(FunctionName="f")["Payload"].read() == b"1"
    client.close()
    started = psutil.Process(aws.process.pid).children(recursive=True)
    assert {Path(word).name for p in started for word in command_line(p)[:1]} >= {"sleep"}
    began = time.monotonic()
    aws.process.send_signal(how)
    aws.process.wait(60)
    assert time.monotonic() - began < 30  # the function's own process sleeps for ten minutes
    _, alive = psutil.wait_procs(started, timeout=30)
    assert [p for p in alive if runs(p)] == []
