"""Notice changed source files below hot-reloaded folders, cheaply enough for every invocation."""

import os
import threading
import time
from pathlib import Path

SCAN_INTERVAL_SECONDS = 0.25

Stamp = tuple[int, int, int]
"""Number of files, newest modification time in ns, sum of the sizes in bytes."""

_lock = threading.Lock()
_scans: dict[str, tuple[float, Stamp]] = {}


def watched(folders: list[Path]) -> list[str]:
    """Return the folders worth watching: those that do not hold installed packages."""
    return [
        str(folder)
        for folder in folders
        if not any(folder.glob("python/*.dist-info"))
        and not any(folder.glob("python/lib/*/site-packages/*.dist-info"))
    ]


def stamp(folders: list[str]) -> tuple[Stamp, ...]:
    """Return a value that changes when a file below one of the folders changes.

    A folder is scanned at most every 250 ms, whatever the number of environments that ask.
    """
    return tuple(_cached(folder) for folder in folders)


def _cached(folder: str) -> Stamp:
    with _lock:
        now = time.monotonic()
        scan = _scans.get(folder)
        if scan is None or now - scan[0] > SCAN_INTERVAL_SECONDS:
            scan = _scans[folder] = (now, _scan(folder))
        return scan[1]


def _scan(folder: str) -> Stamp:
    count = newest = size = 0
    pending = [folder]
    while pending:
        try:
            entries = os.scandir(pending.pop())
        except OSError:
            continue  # removed since it was listed; the stamp shows that
        with entries:
            for entry in entries:
                if entry.name == "__pycache__" or entry.name.startswith("."):
                    continue
                # A link to a folder may lead back up to here.
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    continue
                try:
                    info = entry.stat()
                except OSError:
                    continue  # removed likewise, or a link to nowhere: an editor's lock
                count, size = count + 1, size + info.st_size
                newest = max(newest, info.st_mtime_ns)
    return count, newest, size
