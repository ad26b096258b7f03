"""What the README quotes of the code, between markers: tables and an endpoint."""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from documents import handlers, proof
from documents.handlers import Function
from shop.contracts.events import CONSUMERS, EVENTS, queue_name
from shop.contracts.payments import WEBHOOK_EVENTS


def render(readme: str, checkout: Path, functions: Sequence[Function]) -> str:
    """Put fresh text between the README's ``<!-- name -->`` and ``<!-- /name -->`` markers.

    Raises
    ------
    ValueError
        If a marker is missing.
    """
    for name, text in (
        ("functions", _functions(functions)),
        ("events", _events()),
        ("endpoint", _endpoint(checkout)),
        ("webhook events", _webhook_events()),
        ("proof", proof.table(checkout)),
    ):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?( *<!-- /{name} -->)", re.DOTALL)
        # The backslashes of a replacement would be read as escapes; none of these has any.
        readme, count = pattern.subn(rf"\1{text}\2", readme)
        if count != 1:
            raise ValueError(
                f"the README needs one pair of <!-- {name} --> markers, it has {count}"
            )
    return readme


def _functions(functions: Sequence[Function]) -> str:
    lines = ["| function | called by | what it does |", "|---|---|---|"]
    for function in functions:
        trigger = "state machine"
        if function.route:
            trigger = f"`{' '.join(function.route)}`"
        elif function.queues:
            trigger = ", ".join(f"queue `{queue}`" for queue in function.queues)
        elif function.schedule:
            trigger = f"schedule `{function.schedule}`"
        link = f"[{function.title}](functions/{function.title}/handler.py)"
        lines.append(f"| {link} | {trigger} | {handlers.summary(function)} |")
    return "\n".join(lines) + "\n"


def _events() -> str:
    lines = ["| event | what happened | consumers |", "|---|---|---|"]
    for event_type, event in EVENTS.items():
        consumers = [f"`{queue_name(s, e)}`" for s, e in CONSUMERS if e == event_type]
        summary = (event.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"| `{event_type}` | {summary} | {', '.join(consumers) or 'none yet'} |")
    return "\n".join(lines) + "\n"


def _webhook_events() -> str:
    return "".join(f"- `{event_type}`\n" for event_type in WEBHOOK_EVENTS)


def _endpoint(checkout: Path) -> str:
    """Quote a handler, as part of a list."""
    code = (checkout / "functions/inventory/get_stock/handler.py").read_text()
    return textwrap.indent(f"```python\n{code}```\n", "   ")
