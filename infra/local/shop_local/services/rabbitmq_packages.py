"""Finds RabbitMQ and Erlang, or fetches Debian's packages and unpacks them without installing."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shop_local.paths import CACHE
from shop_local.services.base import ServiceError

_ERLANG = (
    "base", "asn1", "crypto", "eldap", "ftp", "inets", "mnesia", "os-mon", "parsetools",
    "public-key", "runtime-tools", "snmp", "ssl", "syntax-tools", "tftp", "tools", "xmerl",
)  # fmt: skip
_PACKAGES = ("rabbitmq-server", *(f"erlang-{part}" for part in _ERLANG))
_UNPACKED = CACHE / "rabbitmq"


@dataclass(frozen=True, slots=True)
class Installed:
    """A broker that can be started: its scripts and what they need around them."""

    server: Path
    control: Path
    epmd: Path
    path: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def find(report: Callable[[str], None]) -> Installed:
    """Return the machine's broker, otherwise the checkout's, which is fetched if missing.

    Raises
    ------
    ServiceError
        If there is none and this machine has no Debian packages either.
    """
    if installed := _of_machine() or _of_checkout():
        return installed
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "rabbitmq.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _of_checkout():
            _fetch(report)
    if installed := _of_checkout():
        return installed
    raise ServiceError("RabbitMQ's packages were unpacked, but its start script is not among them.")


def _of_machine() -> Installed | None:
    # Debian's command on PATH changes to another account; the script it calls does not.
    scripts = [*Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server")]
    if found := shutil.which("rabbitmq-server"):
        scripts.append(Path(found))
    epmd = shutil.which("epmd")
    if not scripts or not epmd or not shutil.which("erl"):
        return None
    return Installed(scripts[0], scripts[0].with_name("rabbitmqctl"), Path(epmd))


def _of_checkout() -> Installed | None:
    erlang = _UNPACKED / "usr/lib/erlang"
    scripts = [*_UNPACKED.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")]
    if not scripts:
        return None
    return Installed(
        scripts[0],
        scripts[0].with_name("rabbitmqctl"),
        # Not the link in bin, which a move of the checkout may leave dangling.
        next(erlang.glob("erts-*/bin/epmd")),
        (erlang / "bin",),
        {"SHOP_ERLANG_ROOT": str(erlang)},
    )


def _fetch(report: Callable[[str], None]) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise ServiceError(
                f"RabbitMQ is not installed and cannot be fetched ({tool} is missing). Install"
                " RabbitMQ 3.10 or newer so that rabbitmq-server is on PATH, or set"
                " SHOP_RABBITMQ_URL to a running one."
            )
    packages = CACHE / "rabbitmq.packages"
    unpacked = CACHE / "rabbitmq.new"
    for folder in (packages, unpacked):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    report("fetching Debian's packages (34 MB)")
    if _download(packages, ()):
        # No package lists, or lists older than the mirror: use fresh ones of our own, which
        # need no rights and leave the machine's as they are.
        report("fetching Debian's package lists")
        private = _private_lists()
        problem = _apt(private, "update") or _download(packages, private)
        if problem:
            raise ServiceError(f"Debian's RabbitMQ packages could not be fetched:\n{problem}")
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    for script in unpacked.glob("usr/lib/erlang/**/bin/erl"):
        text = script.read_text()
        script.write_text(
            re.sub(r"ROOTDIR=\"?/usr/lib/erlang\"?", 'ROOTDIR="$SHOP_ERLANG_ROOT"', text)
        )
    shutil.rmtree(_UNPACKED, ignore_errors=True)
    unpacked.rename(_UNPACKED)
    shutil.rmtree(packages)


def _private_lists() -> tuple[str, ...]:
    state, cache = CACHE / "apt/state", CACHE / "apt/cache"
    for folder in (state / "lists/partial", cache / "archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    return (
        "-o", f"Dir::State={state}",
        "-o", f"Dir::Cache={cache}",
        "-o", "Dir::State::status=/var/lib/dpkg/status",
    )  # fmt: skip


def _download(folder: Path, options: tuple[str, ...]) -> str:
    return _apt(options, "download", *_PACKAGES, folder=folder)


def _apt(options: tuple[str, ...], *arguments: str, folder: Path | None = None) -> str:
    """Run apt-get; return its complaint, empty when it succeeded."""
    result = subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", *options, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return (
        ""
        if not result.returncode
        else (result.stderr or result.stdout or "apt-get failed")[-1500:]
    )
