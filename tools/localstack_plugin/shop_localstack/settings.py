"""Settings of the plugin, read once from the environment of the LocalStack process."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MIB_OF_AN_ENVIRONMENT = 96
"""What an idle Lambda process takes, for sizing the pool."""


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "0")
    if value not in ("0", "1"):
        raise ValueError(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"{name} must be a whole number above 0, not {value!r}")
    return int(value)


def _default_total() -> int:
    cores = os.cpu_count() or 2
    mebibytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return max(8, min(16 * cores, mebibytes // 2 // MIB_OF_AN_ENVIRONMENT, 96))


@dataclass(frozen=True)
class Settings:
    """What the environment of the LocalStack process says about this plugin.

    Attributes
    ----------
    python
        Interpreter of the Lambda processes; it must have ``awslambdaric`` and ``boto3``.
    environment
        Variables given to every Lambda process, over those of the function.
    max_environments
        Lambda processes in all; see ``pool`` for when it may be passed.
    max_per_function
        Lambda processes of one function.
    queue_seconds
        Least time in seconds that a call waits for an environment; a longer time-out of the
        function makes it longer.
    log_directory
        Where ``<function name>.log`` files are written, beside CloudWatch Logs.
    forward_emf
        Turn embedded metric format log lines into CloudWatch metrics.
    invocation_metrics
        Record ``AWS/Lambda`` metrics of every invocation, which costs more than the invocation.
    mq_host, mq_port
        The RabbitMQ broker behind every Amazon MQ broker ARN.
    """

    python: str
    environment: dict[str, str]
    max_environments: int
    max_per_function: int
    queue_seconds: int
    log_directory: Path | None
    forward_emf: bool
    invocation_metrics: bool
    mq_host: str
    mq_port: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the settings.

        Raises
        ------
        ValueError
            A variable is malformed; the message names it.
        """
        total = _positive(environ, "LAMBDA_MAX_ENVIRONMENTS", _default_total())
        host, _, port = environ.get("SHOP_LOCAL_MQ", "127.0.0.1:5672").rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError("SHOP_LOCAL_MQ must be host:port")
        logs = environ.get("LAMBDA_LOG_DIR")
        return cls(
            python=environ.get("LAMBDA_PROCESS_PYTHON", "python3"),
            environment=json.loads(environ.get("LAMBDA_PROCESS_ENV") or "{}"),
            max_environments=total,
            max_per_function=_positive(
                environ, "LAMBDA_MAX_ENVIRONMENTS_PER_FUNCTION", max(2, total // 8)
            ),
            queue_seconds=_positive(environ, "LAMBDA_QUEUE_SECONDS", 60),
            log_directory=Path(logs) if logs else None,
            forward_emf=_flag(environ, "LAMBDA_EMF_METRICS"),
            invocation_metrics=_flag(environ, "LAMBDA_INVOCATION_METRICS"),
            mq_host=host,
            mq_port=int(port),
        )


SETTINGS = Settings.read(os.environ)
