"""LocalStack with the plugin on a free port, and a template of small functions deployed into it."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config

from shop_local.paths import AWS_PYTHON, LAMBDA_PYTHON
from shop_local.ports import free_ports
from tests.support.waiting import eventually

HERE = Path(__file__).parent


@dataclass
class LocalStack:
    """A running LocalStack.

    Attributes
    ----------
    log
        What it printed.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Return the endpoint of every AWS service."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """Return a boto3 client for a service."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                read_timeout=90,
                retries={"max_attempts": 0},
                max_pool_connections=300,
                inject_host_prefix=False,
            ),
        )


def start(folder: Path, **variables: str) -> LocalStack:
    """Start LocalStack and wait until it is ready."""
    for python in (AWS_PYTHON, LAMBDA_PYTHON):
        if not python.exists():
            pytest.skip(f"no interpreter {python}: run `make install` first")
    port = next(free_ports())
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON", "SHOP_"))},
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(folder),
        "CONFIG_DIR": str(folder / "config"),
        "TMPDIR": str(folder),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"localhost:{port}",
        "GATEWAY_SERVER": "loopback",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LAMBDA_PROCESS_PYTHON": str(LAMBDA_PYTHON),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "IN_MEMORY_CLIENT": "1",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        **variables,
    }
    log = folder / "localstack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(AWS_PYTHON), "-m", "localstack.runtime.main"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
        )
    end = time.monotonic() + 180
    while b"Ready." not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            pytest.fail(f"LocalStack did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return LocalStack(process, port, log)


@dataclass
class Deployed:
    """The stack of `template.yaml`."""

    aws: LocalStack
    records_folder: Path
    layer_folder: Path
    outputs: dict[str, str]

    def __post_init__(self) -> None:
        self.functions = self.aws.client("lambda")
        self.machines = self.aws.client("stepfunctions")
        self.http = httpx.Client(
            base_url=f"{self.aws.url}/_aws/execute-api/{self.outputs['ApiId']}/v1", timeout=60
        )

    def close(self) -> None:
        """Close connections."""
        self.http.close()
        self.functions.close()
        self.machines.close()

    def invoke(self, function: str, event: Any = None, **options: Any) -> dict[str, Any]:
        """Invoke a function; returns the response, its payload decoded and its log as text."""
        answer: dict[str, Any] = self.functions.invoke(
            FunctionName=function, Payload=json.dumps(event or {}), LogType="Tail", **options
        )
        payload = answer["Payload"].read()
        answer["Payload"] = json.loads(payload) if payload else None
        return answer

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return what functions recorded under a name."""
        file = self.records_folder / f"{name}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, rabbitmq_url: str) -> Iterator[Deployed]:
    """LocalStack with the template deployed, for the whole session."""
    folder = tmp_path_factory.mktemp("localstack")
    records, layer = folder / "records", folder / "layer"
    (layer / "python").mkdir(parents=True)
    records.mkdir()
    (layer / "python" / "reloaded.py").write_text(
        "def handler(event, context):\n    return 'first'\n"
    )
    broker = urlsplit(rabbitmq_url)
    aws = start(
        folder,
        SHOP_LOCAL_MQ=f"{broker.hostname}:{broker.port}",
        LAMBDA_MAX_ENVIRONMENTS="8",
        LAMBDA_MAX_ENVIRONMENTS_PER_FUNCTION="4",
        LAMBDA_EMF_METRICS="1",
    )
    try:
        # Later than the deployment ends, on a busy machine too: a time that has passed never fires.
        once = datetime.now(UTC) + timedelta(seconds=60)
        parameters = {
            "CodeFolder": str(HERE / "functions"),
            "LayerFolder": str(layer),
            "Records": str(records),
            "Once": f"at({once:%Y-%m-%dT%H:%M:%S})",
            "BrokerPassword": json.dumps(
                {"username": broker.username, "password": broker.password}
            ),
        }
        formation = aws.client("cloudformation")
        formation.create_stack(
            StackName="t",
            TemplateBody=(HERE / "template.yaml").read_text(),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        )

        def described() -> dict[str, Any]:
            found: dict[str, Any] = formation.describe_stacks(StackName="t")["Stacks"][0]
            return found

        found = eventually(
            described,
            what="the deployment ends",
            until=lambda found: not found["StackStatus"].endswith("IN_PROGRESS"),
            seconds=180,
        )
        assert found["StackStatus"] == "CREATE_COMPLETE", found.get("StackStatusReason")
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}
        deployed = Deployed(aws, records, layer, outputs)
        yield deployed
        deployed.close()
    finally:
        aws.process.terminate()
        try:
            aws.process.wait(5)
        finally:
            aws.process.kill()


@pytest.fixture
def start_localstack() -> Iterator[Callable[[Path], LocalStack]]:
    """Return what starts another LocalStack, which ends with the test."""
    started: list[LocalStack] = []

    def starter(folder: Path) -> LocalStack:
        started.append(start(folder))
        return started[-1]

    yield starter
    for aws in started:
        aws.process.kill()
        aws.process.wait()


@pytest.fixture(scope="session")
def aws_python() -> Path:
    """Return the interpreter that has LocalStack and the plugin."""
    if not AWS_PYTHON.exists():
        pytest.skip(f"no interpreter {AWS_PYTHON}: run `make install` first")
    return AWS_PYTHON
