"""Starts a function as Lambda does: a process with a Runtime API."""

import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.measuring import cpu_of
from shop_local.paths import LAMBDA_PYTHON
from shop_localstack.process import LambdaProcess, ProcessLog
from shop_localstack.runtime_api import Invocation, Kind

_DEADLINE_SECONDS: Final = 30


@dataclass
class Start:
    """CPU seconds of one process: at INIT, in its first request, and in one of those after it."""

    init: float
    first: float
    later: float


def start(
    folder: Path, environment: dict[str, str], path: str, events: Iterable[dict[str, Any]]
) -> Start:
    """Start a function, send it requests, and end it."""
    log = ProcessLog()
    command = [str(LAMBDA_PYTHON), "-m", "awslambdaric", "handler.handler"]
    process = LambdaProcess(command, folder, {**environment, "PYTHONPATH": path}, log)
    try:
        _expect(process, Kind.READY, log)
        used = [cpu_of(process.pid)]
        for event in events:
            _invoke(process, event, log)
            used.append(cpu_of(process.pid))
    finally:
        process.kill()
        log.close()
    init, first, *_, last = used
    return Start(init, first - init, (last - first) / (len(used) - 2))


def _invoke(process: LambdaProcess, event: dict[str, Any], log: ProcessLog) -> None:
    deadline = round((time.time() + _DEADLINE_SECONDS) * 1000)
    process.submit(
        Invocation(
            str(uuid.uuid4()), "arn:aws:lambda:bench", "", deadline, json.dumps(event).encode()
        )
    )
    answer = _expect(process, Kind.RESPONSE, log)
    if json.loads(answer)["statusCode"] not in {200, 201}:
        raise SystemExit(f"the request failed: {answer.decode()}\n{log.read()}")
    _expect(process, Kind.READY, log)


def _expect(process: LambdaProcess, kind: Kind, log: ProcessLog) -> bytes:
    report = process.wait(_DEADLINE_SECONDS)
    if report is None or report.kind is not kind:
        raise SystemExit(f"expected {kind}, got {report}\n{log.read()}")
    return report.body
