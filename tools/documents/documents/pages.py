"""The generated parts of the Markdown pages, each between a pair of markers."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from documents import proof, tables
from documents.handlers import Function

type _Parts = Mapping[str, Callable[[], str]]

#: The pages and the parts that each must have.
PAGES: Final[Mapping[Path, tuple[str, ...]]] = {
    Path("README.md"): ("endpoint", "scoreboard"),
    Path("docs/functions.md"): ("functions",),
    Path("docs/events.md"): ("events", "webhook events"),
    Path("docs/settings.md"): ("settings",),
    Path("docs/proof.md"): ("proof",),
}


def render(checkout: Path, functions: Sequence[Function]) -> dict[Path, str]:
    """Return each page with its generated parts up to date.

    Raises
    ------
    ValueError
        If a page does not have exactly one pair of markers for each of its parts.
    """
    parts: _Parts = {
        "endpoint": lambda: tables.endpoint(checkout),
        "scoreboard": lambda: proof.scoreboard(checkout),
        "functions": lambda: tables.functions(functions),
        "events": tables.events,
        "webhook events": tables.webhook_events,
        "settings": tables.settings,
        "proof": lambda: proof.table(checkout),
    }
    return {
        page: _fill(page, (checkout / page).read_text(), names, parts)
        for page, names in PAGES.items()
    }


def _fill(page: Path, text: str, names: Sequence[str], parts: _Parts) -> str:
    for name in names:
        made = parts[name]()
        pattern = re.compile(rf"(<!-- {name} -->\n).*?( *<!-- /{name} -->)", re.DOTALL)
        text, count = pattern.subn(_between(made), text)
        if count != 1:
            raise ValueError(f"{page} needs one pair of <!-- {name} --> markers, it has {count}")
    return text


def _between(made: str) -> Callable[[re.Match[str]], Any]:
    return lambda markers: f"{markers[1]}{made}{markers[2]}"
