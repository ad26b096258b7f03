"""LocalStack's Lambda runtime executor `process`: an execution environment is a local process."""

import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import (
    FunctionVersion,
    HotReloadingCode,
    InvocationResult,
    S3Code,
)
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from shop_localstack import emf, hot_reload, system_log
from shop_localstack.patches import apply_once
from shop_localstack.process import LambdaProcess, ProcessLog
from shop_localstack.runtime_api import Invocation, Kind
from shop_localstack.settings import SETTINGS
from shop_localstack.system_log import Report

LOG = logging.getLogger(__name__)

SITE = Path(__file__).parent / "lambda_site"
INIT_SECONDS = config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT
KEPT = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Variables of this process that its Lambda processes see; all others stay out."""
KILLED = b"signal: SIGKILL"
NOT_ON_AWS = ("LOCALSTACK_RUNTIME_ID", "LOCALSTACK_RUNTIME_ENDPOINT", "EDGE_PORT")


def archives(function_version: FunctionVersion) -> list[S3Code | HotReloadingCode]:
    """Return the function's code, then its layers."""
    settings = function_version.config
    codes = [settings.code, *(layer.code for layer in settings.layers)]
    found = [code for code in codes if code is not None]
    assert len(found) == len(codes), "only images are without, and they are not for this executor"
    return found


def python_path(function_version: FunctionVersion, code: Path) -> list[str]:
    """Return the import path: the function, then its layers, of which later ones override."""
    path = [str(code)]
    _, *layers = archives(function_version)
    for layer in reversed(layers):
        root = layer.get_unzipped_code_location()
        path += [*map(str, root.glob("python/lib/python3*/site-packages")), str(root / "python")]
    return [*path, str(SITE)]


@dataclass(frozen=True)
class _Result:
    """How an invocation, or the init before it, ended; `lost` means without its process."""

    body: bytes
    status: system_log.Status = "success"
    error_type: str | None = None
    lost: bool = False

    @property
    def timed_out(self) -> bool:
        return self.status == "timeout"


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment.

    The process is started by the first invocation, and again by the next one after a time-out, a
    crash, a failed init, or a change of hot-reloaded code; each such start is a cold start.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002
        super().__init__(id, function_version)
        codes = archives(function_version)
        self._code = codes[0].get_unzipped_code_location()
        self._watched = hot_reload.watched(
            [code.get_unzipped_code_location() for code in codes if code.is_hot_reloading()]
        )
        self._stamp: tuple[hot_reload.Stamp, ...] = ()
        self._environment: dict[str, str] = {}
        self._process: LambdaProcess | None = None
        self._log = ProcessLog()

    def start(self, env_vars: dict[str, str]) -> None:
        """Store the environment variables; the process starts with the first invocation."""
        settings = self.function_version.config
        variables = {name: os.environ[name] for name in KEPT if name in os.environ}
        variables |= {"LANG": "en_US.UTF-8", "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}
        variables |= {name: str(value) for name, value in env_vars.items()}
        for name in NOT_ON_AWS:
            variables.pop(name, None)
        if level := variables.get("AWS_LAMBDA_LOG_LEVEL"):
            variables["AWS_LAMBDA_LOG_LEVEL"] = level.upper()  # LocalStack writes "Info"
        own = variables.get("PYTHONPATH")
        path = python_path(self.function_version, self._code) + ([own] if own else [])
        self._environment = (
            variables
            | SETTINGS.environment
            | {
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
                "LAMBDA_TASK_ROOT": str(self._code),
                "PYTHONPATH": os.pathsep.join(path),
            }
        )

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one invocation, with a cold start before it where one is needed."""
        request_id, settings = payload["invoke-id"], self.function_version.config
        error, init_ms = self._ready()
        process = self._process
        assert process is not None
        clock, began = time.time(), time.perf_counter()
        result = error or self._run(process, payload, settings.timeout)
        duration_ms = (time.perf_counter() - began) * 1000
        report = Report(
            request_id,
            settings.timeout * 1000 if result.timed_out and not error else duration_ms,
            init_ms,
            settings.memory_size,
            process.peak_memory_mb(),
            ended=clock + duration_ms / 1000,
            status=result.status,
            error_type=result.error_type,
        )
        if result.lost:
            self._stop_process()
        output = self._log.read()
        logs = self._logs(report, output, clock)
        if SETTINGS.forward_emf and '"CloudWatchMetrics"' in output:
            emf.forward(output, self.function_version.id.account, self.function_version.id.region)
        if SETTINGS.log_directory:
            name = f"{self.function_version.id.function_name}.log"
            with (SETTINGS.log_directory / name).open("a", encoding="utf-8") as file:
                file.write(logs)
        is_error = result.status != "success"
        return InvocationResult(request_id, result.body, is_error=is_error, logs=logs)

    def _logs(self, report: Report, output: str, began: float) -> str:
        config = self.function_version.config.logging_config
        version = self.function_version.id.qualifier
        if config.get("LogFormat") != "JSON":
            return system_log.text(report, version, output)
        level = config.get("SystemLogLevel") or "INFO"
        return system_log.documents(report, version, output, began=began, level=level)

    def _ready(self) -> tuple["_Result | None", float | None]:
        """Ensure that a process with the current code runs; return how its init failed, and its ms."""
        stamp = hot_reload.stamp(self._watched)
        if self._process and self._process.alive and stamp == self._stamp:
            return None, None
        self._stop_process()
        self._stamp = stamp
        handler = self.function_version.config.handler or ""
        process = self._process = LambdaProcess(
            [SETTINGS.python, "-m", "awslambdaric", handler],
            self._code,
            self._environment,
            self._log,
        )
        report = process.wait(INIT_SECONDS)
        age = process.age_ms()
        process.peak_memory_mb()  # what is known of a process that ends in its first invocation
        if report is None:
            what = f"Error: Runtime did not start in {INIT_SECONDS} seconds"
            return _Result(_failure("Sandbox.Timedout", what), "timeout", lost=True), age
        match report.kind:
            case Kind.READY:
                return None, age
            case Kind.INIT_ERROR:
                kind = system_log.error_type(report.body)
                return _Result(report.body, "error", kind, lost=True), age
            case _:
                return _exited(report.body), age

    def _run(self, process: LambdaProcess, payload: dict[str, str], timeout: int) -> "_Result":
        request_id = payload["invoke-id"]
        end = time.perf_counter() + timeout
        process.submit(
            Invocation(
                request_id=request_id,
                function_arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                deadline_ms=int((time.time() + timeout) * 1000),
                payload=payload["payload"].encode(),
            )
        )
        while report := process.wait(end - time.perf_counter()):
            if report.kind is Kind.EXIT:
                return _exited(report.body, request_id)
            if report.request_id != request_id:
                continue
            if report.kind is Kind.ERROR:
                return _Result(report.body, "error", system_log.error_type(report.body))
            return _Result(report.body)
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        message = f"{at} {request_id} Task timed out after {timeout:.2f} seconds"
        os.write(self._log.fileno(), f"{message}\n\n".encode())
        return _Result(_failure("Sandbox.Timedout", message), "timeout", lost=True)

    def _stop_process(self) -> None:
        if self._process:
            self._process.kill()
            self._process = None

    def stop(self) -> None:
        """End the process for good."""
        self._stop_process()
        self._log.close()

    def get_logs(self) -> str:
        """Return what the process wrote since the last invocation."""
        return self._log.read()

    def get_address(self) -> str:
        """Return the address of the process for LocalStack."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return the address of LocalStack for the process."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return an unused address: each process has its own Runtime API server."""
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code and the layers into LocalStack's cache."""
        for code in archives(function_version):
            code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the unpacked code: LocalStack removes it when nothing uses it any more."""


def _failure(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _exited(how: bytes, request_id: str = "") -> _Result:
    prefix = f"RequestId: {request_id} " if request_id else ""
    message = f"{prefix}Error: Runtime exited with error: {how.decode()}"
    # On AWS only the kernel kills a function's process, when its memory is exhausted.
    reported = system_log.OUT_OF_MEMORY if how == KILLED else system_log.EXIT_ERROR
    return _Result(_failure(system_log.EXIT_ERROR, message), "error", reported, lost=True)


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Selected with ``LAMBDA_RUNTIME_EXECUTOR=process``."""

    name = "process"

    def load(self, *_: object, **__: object) -> type[ProcessRuntimeExecutor]:
        """Return the executor, after all changes to LocalStack are applied."""
        apply_once()
        return ProcessRuntimeExecutor
