"""LocalStack's open-source core in host mode, with the plugin of ``tools/localstack_plugin``."""

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import override
from urllib.parse import urlsplit

import psutil

from shop_local import processes
from shop_local.paths import AWS_PYTHON, CACHE, LAMBDA_PYTHON, State
from shop_local.ports import remembered
from shop_local.services.base import Command, Service, ServiceError

REGION = "us-east-1"
ACCOUNT = "000000000000"
_BROKER = "SHOP_LOCAL_MQ"

_SERVICES = (
    "cloudformation", "s3", "iam", "sts", "lambda", "apigateway", "logs", "stepfunctions",
    "secretsmanager", "scheduler", "events", "cloudwatch", "ses",
)  # fmt: skip


class LocalStack(Service):
    """API Gateway, Lambda, Step Functions and the rest of AWS; its state is lost when it ends."""

    name = "localstack"
    title = "LocalStack"
    setting = "AWS_ENDPOINT_URL"
    # AWS_ENDPOINT_URL in the developer's shell may be of another project.
    chosen_by = "SHOP_LOCALSTACK_URL"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.external = self.external.rstrip("/")

    @override
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @override
    def settings(self) -> dict[str, str]:
        return super().settings() | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    @override
    def start(self) -> bool:
        # It reads the broker's address only at start and would otherwise keep using the old one.
        if self.running() and self._known_broker() != self._broker():
            self.report("knows another address of the broker, starting it again")
            self.stop()
        return super().start()

    def _broker(self) -> str:
        """Return host and port of the broker in the plugin's format."""
        url = urlsplit(
            os.environ.get("SHOP_RABBITMQ_URL", "").strip()
            or f"amqp://127.0.0.1:{remembered(self.state).get('rabbitmq', 5672)}"
        )
        return f"{url.hostname}:{url.port or 5672}"

    def _known_broker(self) -> str:
        """Return the broker address of the running process; empty if its environment cannot be read."""
        found = processes.find(self.state, self.name)
        process = found and found.process()
        try:
            return process.environ().get(_BROKER, "") if process else ""
        except psutil.Error:
            return ""

    @override
    def install(self) -> None:
        for python in (AWS_PYTHON, LAMBDA_PYTHON):
            if not python.exists():
                raise ServiceError(f"{python} is missing: run `make install`.")

    @override
    def prepare(self) -> None:
        folder = self.state.data_of(self.name)
        shutil.rmtree(folder)
        (CACHE / "home").mkdir(parents=True, exist_ok=True)
        for name in ("root", "configuration", "temporary"):
            (folder / name).mkdir(parents=True)
        shutil.rmtree(self.lambda_logs, ignore_errors=True)
        self.lambda_logs.mkdir(parents=True)

    @property
    def lambda_logs(self) -> Path:
        """Folder of the functions' logs, ``<function name>.log`` each."""
        return self.state.logs / "lambda"

    @override
    def command(self) -> Command:
        folder = self.state.data_of(self.name)
        environment = {
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": folder / "root",
            "CONFIG_DIR": folder / "configuration",
            # Keeps the user's ~/.aws and ~/.localstack out of its environment.
            "HOME": CACHE / "home",
            "TMPDIR": folder / "temporary",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "LOCALSTACK_HOST": f"localhost:{self.port}",
            "HOSTNAME_FROM_LAMBDA": "127.0.0.1",
            "GATEWAY_SERVER": "loopback",
            "EXTERNAL_SERVICE_PORTS_START": self.port + 1,
            "EXTERNAL_SERVICE_PORTS_END": self.port + 50,
            "DISABLE_EVENTS": "1",
            # Loaded while the broker still starts, instead of by the deployment one after the other.
            "SERVICES": ",".join(_SERVICES),
            "STRICT_SERVICE_LOADING": "0",
            "EAGER_SERVICE_LOADING": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
            "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
            "LAMBDA_RUNTIME_EXECUTOR": "process",
            "LAMBDA_PROCESS_PYTHON": LAMBDA_PYTHON,
            "LAMBDA_LOG_DIR": self.lambda_logs,
            # Its own services call each other in memory instead of over HTTP.
            "IN_MEMORY_CLIENT": "1",
            "LAMBDA_EMF_METRICS": os.environ.get("LAMBDA_EMF_METRICS", "0"),
            "LAMBDA_PROCESS_ENV": json.dumps({"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}),
            _BROKER: self._broker(),
            "AWS_DEFAULT_REGION": REGION,
            "PYTHONPATH": "",
            "PYTHONWARNINGS": "ignore",
        }
        return Command(
            [AWS_PYTHON, "-m", "localstack.runtime.main"],
            {key: str(value) for key, value in environment.items()},
        )

    @override
    def probe(self) -> None:
        urllib.request.urlopen(f"{self.url()}/_localstack/health", timeout=5).close()
