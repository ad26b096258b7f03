"""Shows and follows the log of a server or of a function."""

import json
import os
import time
from pathlib import Path
from typing import Any, Final

from shop_local import template
from shop_local.functions import is_name_of
from shop_local.paths import TEMPLATE, State
from shop_local.services import SERVICES

#: Numbers of a `platform.report`, and what the REPORT line of a text log calls them.
_METRICS: Final = (
    ("durationMs", "Duration", "ms"),
    ("billedDurationMs", "Billed Duration", "ms"),
    ("memorySizeMB", "Memory Size", "MB"),
    ("maxMemoryUsedMB", "Max Memory Used", "MB"),
    ("initDurationMs", "Init Duration", "ms"),
)


class LogError(Exception):
    """There is no log of that name."""


def log_files(state: State, name: str) -> list[Path]:
    """Find the log files behind a name.

    Raises
    ------
    LogError
        If nothing is called that; the message lists what there is.
    """
    if name in SERVICES:
        return [state.log(name)]
    known = template.functions(template.read(TEMPLATE))
    if name not in known:
        raise LogError(
            f"No server or function is called {name!r}. Servers: {', '.join(SERVICES)}."
            f"\nFunctions: {', '.join(sorted(known))}."
        )
    files = (state.logs / "lambda").glob("*.log")
    return sorted(path for path in files if is_name_of(path.stem, known[name]))


def follow(state: State, name: str | None, *, lines: int, stay: bool) -> int:
    """Print the last lines of a log and then what is added, until Ctrl-C."""
    if name is None:
        raise LogError(f"Which? make logs F=<service>/<function>, or F={'|'.join(SERVICES)}")
    files = log_files(state, name)
    if not (files and files[-1].exists()) and stay:
        print(f"{name} has not logged anything yet; waiting.", flush=True)
        while not (files and files[-1].exists()):
            time.sleep(0.2)
            files = log_files(state, name)
    if not (files and files[-1].exists()):
        raise LogError(f"{name} has not logged anything yet.")
    with files[-1].open("rb") as file:
        print(b"\n".join(file.read().splitlines()[-lines:]).decode(errors="replace"), flush=True)
        while stay:
            if data := file.read():
                os.write(1, data)
            elif files[-1].stat().st_size < file.tell():
                file.seek(0)
            else:
                time.sleep(0.2)
    return 0


def readable(line: str) -> str:
    """Write a line of Lambda's own as in a text log; others stay as they are.

    >>> readable('{"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":{"requestId":"r"}}')
    'START RequestId: r'
    """
    document = system_document(line)
    if document is None:
        return line
    record = document["record"]
    if document["type"] == "platform.start":
        return f"START RequestId: {record['requestId']}"
    if document["type"] != "platform.report":
        return line
    metrics = record["metrics"]
    parts = [f"{title}: {metrics[key]} {unit}" for key, title, unit in _METRICS if key in metrics]
    if record["status"] != "success":
        parts.append(f"Status: {' '.join([record['status'], record.get('errorType', '')]).strip()}")
    return "  ".join([f"REPORT RequestId: {record['requestId']}", *parts])


def system_document(line: str) -> dict[str, Any] | None:
    """Read a line that Lambda itself has written; None if it is another."""
    if not line.startswith('{"time":'):
        return None
    try:
        document: Any = json.loads(line)
    except ValueError:
        return None
    is_system = isinstance(document, dict) and str(document.get("type")).startswith("platform.")
    return document if is_system else None
