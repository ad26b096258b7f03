"""Shows and follows the log of a server or of a function."""

import os
import time
from pathlib import Path

from shop_local import template
from shop_local.functions import is_name_of
from shop_local.paths import TEMPLATE, State
from shop_local.services import SERVICES


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
