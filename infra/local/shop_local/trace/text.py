"""A story as text for a terminal, in plain characters without colours."""

import textwrap
from collections.abc import Iterator
from datetime import datetime

from shop_local.trace.story import Node, Story, amounts

#: Widths of the columns beside the tree.
_COLUMNS = (10, 8, 13)
NARROWEST, WIDEST = 80, 120


def story(told: Story, width: int) -> str:
    """Write a story in lines of at most `width` characters, which are between 80 and 120."""
    width = max(NARROWEST, min(width, WIDEST))
    tree = width - sum(_COLUMNS) - len(_COLUMNS)
    begun = told.tree.at
    state = "complete" if told.complete else "not complete yet"
    steps = " → ".join(
        f"{status} +{_seconds(at, begun)}" if number else status
        for number, (at, status) in enumerate(told.timeline)
    )
    lines = [
        f"{told.tree.name}  {told.tree.detail}",
        f"correlation id {told.correlation_id}",
        f"began {begun:%Y-%m-%d %H:%M:%S} UTC",
        *_wrapped(steps, width),
        "",
        _row("", tree, ["at", "ms", "cost"]),
    ]
    for begin, further, node in _walk(told.tree.children, ""):
        label = node.name + (f"  {node.detail}" if node.detail else "")
        first, *rest = textwrap.wrap(label, max(8, tree - len(begin)))
        cells = [
            f"+{_seconds(node.at, begun)}",
            "" if node.duration_ms is None else f"{node.duration_ms:,.0f}",
            f"{node.amount:.9f}" if node.amount else "",
        ]
        lines.append(_row(begin + first, tree, cells))
        lines += [further + line for line in rest]
    lines.append(_row("total", tree, ["", "", f"{amounts(told.tree):.9f}"]))
    return "\n".join([*lines, "", f"The cost is {state}. ms are billed; batches are shared."])


def _walk(nodes: list[Node], indent: str) -> Iterator[tuple[str, str, Node]]:
    """Give each node with what its first line and its further lines begin with."""
    for number, node in enumerate(nodes):
        last = number == len(nodes) - 1
        below = indent + ("   " if last else "│  ")
        yield indent + ("└─ " if last else "├─ "), below + ("│  " if node.children else "   "), node
        yield from _walk(node.children, below)


def _row(label: str, width: int, cells: list[str]) -> str:
    sized = zip(cells, _COLUMNS, strict=True)
    return (label.ljust(width) + "".join(f" {cell:>{size}}" for cell, size in sized)).rstrip()


def _seconds(at: datetime, begun: datetime) -> str:
    return f"{(at - begun).total_seconds():.3f} s"


def _wrapped(steps: str, width: int) -> list[str]:
    lines = [""]
    for part in steps.split(" → "):
        added = f"{lines[-1]} → {part}" if lines[-1] else part
        if len(added) <= width:
            lines[-1] = added
        else:
            lines.append(f"→ {part}")
    return lines
