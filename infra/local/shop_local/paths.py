"""Paths of the checkout, its environments, and the state folder of a stack."""

import fcntl
import json
import os
import secrets
import threading
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[3]
LOCAL: Final = CHECKOUT / ".local"
#: Shared by every stack of the checkout: downloads and what is unpacked from them.
CACHE: Final = LOCAL / "cache"
PYTHON: Final = CHECKOUT / ".venv/bin/python"
AWS_PYTHON: Final = LOCAL / "venvs/aws/bin/python"
LAMBDA_PYTHON: Final = LOCAL / "venvs/lambda/bin/python"
#: Where `make` builds the layers of other people's packages.
BUILT_LAYERS: Final = LOCAL / "layers"
SHOP_LAYER: Final = CHECKOUT / "layers/shop"
INFRASTRUCTURE: Final = CHECKOUT / "infra"
MIGRATIONS: Final = INFRASTRUCTURE / "migrations"
TEMPLATE: Final = CHECKOUT / "infra/template.yaml"
#: Products of their own that the laptop uses.
TOOLS: Final = CHECKOUT / "tools"


def default_state_folder() -> Path:
    """Return ``SHOP_STATE_DIR``, or ``.local`` of the checkout."""
    configured = os.environ.get("SHOP_STATE_DIR", "").strip()
    return Path(configured).absolute() if configured else LOCAL


class State:
    """The folder of one stack: data, logs, records of running processes, ports, secrets.

    Parameters
    ----------
    folder : Path
        Made when missing, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        for path in (self.folder, self.data, self.logs, self.run):
            path.mkdir(parents=True, exist_ok=True)
        #: Passwords and tokens of this stack, drawn once and kept.
        self.secrets: Final = _kept_secrets(self.folder)

    @property
    def data(self) -> Path:
        """Folder of the servers' data."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """Folder of log files, one a server."""
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        """Folder of the records of running processes."""
        return self.folder / "run"

    @property
    def stack_env(self) -> Path:
        """File with the running stack's addresses and credentials."""
        return self.folder / "stack.env"

    def log(self, name: str) -> Path:
        """Return the log file of one server."""
        return self.logs / f"{name}.log"

    def data_of(self, name: str) -> Path:
        """Return the data folder of one server; create it, readable by its owner only, if it is missing."""
        path = self.data / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path


_SECRETS: Final = (
    "postgres", "database", "redis", "rabbitmq", "erlang_cookie",
    "staff", "finance", "second_factor", "service_token", "stripe_webhook",
)  # fmt: skip


def _kept_secrets(folder: Path) -> dict[str, str]:
    path = folder / "secrets.json"
    with (folder / "secrets.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if missing := [name for name in _SECRETS if name not in values]:
            values |= {name: secrets.token_hex(16) for name in missing}
            write_private(path, json.dumps(values, indent=1))
    return values


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
