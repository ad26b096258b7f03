"""Timing in pairs, medians, and tables."""

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TextIO

import psutil

#: Spread of a measurement, between its quartiles, as a part of its median, beyond which it is noisy.
NOISY = 0.3


def seconds(action: Callable[[], object]) -> float:
    """Time one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def cpu_of(pid: int) -> float:
    """Return the seconds that a process and its descendants have spent on CPUs.

    Those that have ended are left out. The kernel counts nanoseconds here, in ``/proc/<pid>/stat`` only
    hundredths of a second.
    """
    family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return sum(_schedstat(thread) for each in family for thread in _threads(each)) / 1e9


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has ended meanwhile


def _schedstat(thread: Path) -> int:
    try:
        return int((thread / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile


@dataclass
class Pairs:
    """One operation measured in two ways alternately (A B A B), so that load on the machine affects both.

    Attributes
    ----------
    ours, base : list of float
        In seconds; entries at one index were measured right after each other.
    """

    ours: list[float] = field(default_factory=list)
    base: list[float] = field(default_factory=list)

    def add(self, ours: float, base: float) -> None:
        """Keep a pair."""
        self.ours.append(ours)
        self.base.append(base)

    @property
    def ratio(self) -> float:
        """Median over the pairs of ours / base."""
        return median(a / b for a, b in zip(self.ours, self.base, strict=True))

    @property
    def spread(self) -> float:
        """The wider of both sides' distances between quartiles, as a part of the median."""
        return max(spread(self.ours), spread(self.base))


def spread(values: Sequence[float]) -> float:
    """Distance between the quartiles as a part of the median."""
    low, middle, high = quantiles(values, n=4)
    return (high - low) / middle


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which so many per cent lie."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def machine() -> str:
    """Return date, machine and load, for the heading of a result."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    return (
        f"{now} · {platform.machine()}, {os.cpu_count()} CPUs, load {load:.1f}"
        f" · {platform.system()} · Python {platform.python_version()}"
    )


def table(
    headings: Sequence[str], rows: Sequence[Sequence[object]], to: TextIO | None = None
) -> None:
    """Print a Markdown table, numbers to the right."""
    out = to or sys.stdout
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    first, *others = widths

    def line(row: Sequence[str]) -> str:
        name, *values = row
        aligned = [value.rjust(width) for value, width in zip(values, others, strict=True)]
        return "| " + " | ".join([name.ljust(first), *aligned]) + " |"

    print(line(headings), file=out)
    print(
        "|" + "|".join(["-" * (first + 2), *("-" * (w + 1) + ":" for w in others)]) + "|", file=out
    )
    for row in cells:
        print(line(row), file=out)


def milliseconds(value: float) -> str:
    """Write seconds as milliseconds."""
    return f"{value * 1000:.2f}" if value < 0.02 else f"{value * 1000:.0f}"


def verdict(ratio: float, budget: float, spread_of_it: float) -> str:
    """Compare with a budget, and add a note if the measurement was noisy."""
    text = "yes" if ratio <= budget else "NO"
    return f"{text}, noisy ({spread_of_it:.0%})" if spread_of_it > NOISY else text
