"""Tables of what the code declares, and an endpoint quoted from it, as Markdown."""

import re
from collections.abc import Iterable, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from msgspec import NODEFAULT
from msgspec.structs import fields

from documents import handlers
from documents.handlers import Function
from documents.observability.alarms import ALARMS
from shop.bootstrap.settings import Settings
from shop.contracts.aws_metrics import AWS_METRICS
from shop.contracts.billed_metrics import billed_metrics
from shop.contracts.events import CONSUMERS, EVENTS, queue_name
from shop.contracts.http.payments import WEBHOOK_EVENTS
from shop.contracts.metrics import METRICS

_ATTRIBUTES: Final = re.compile(
    r"^(?P<names>\w+(?:, \w+)*) : \w+\n(?P<meaning>(?: {4}.+\n?)+)", re.MULTILINE
)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "".join(f"{line}\n" for line in (*lines, *(f"| {' | '.join(row)} |" for row in rows)))


def functions(declared: Sequence[Function]) -> str:
    """List the functions, for a page in ``docs/``."""
    return markdown(
        ("function", "called by", "what it does"),
        (
            (
                f"[{function.title}](../functions/{function.title}/handler.py)",
                _trigger(function),
                handlers.summary(function),
            )
            for function in declared
        ),
    )


def _trigger(function: Function) -> str:
    if function.route:
        return f"`{' '.join(function.route)}`"
    if function.queues:
        return ", ".join(f"queue `{queue}`" for queue in function.queues)
    return f"schedule `{function.schedule}`" if function.schedule else "state machine"


def events() -> str:
    """List the events with their consumers."""
    rows = []
    for event_type, event in EVENTS.items():
        consumers = [f"`{queue_name(s, e)}`" for s, e in CONSUMERS if e == event_type]
        summary = (event.__doc__ or "").strip().partition("\n")[0]
        rows.append((f"`{event_type}`", summary, ", ".join(consumers) or "none yet"))
    return markdown(("event", "what happened", "consumers"), rows)


def webhook_events() -> str:
    """List the payment provider's events to which an endpoint subscribes."""
    return "".join(f"- `{event_type}`\n" for event_type in WEBHOOK_EVENTS)


def metrics() -> str:
    """List our metrics, and count those that are billed."""
    table = markdown(
        ("metric", "unit", "by", "what it is", "emitted", "healthy"),
        (
            (
                f"`{name}`",
                metric.unit,
                ", ".join(f"`{dimension}`" for dimension in metric.dimensions),
                metric.formula,
                "by `collect_metrics`" if metric.source == "collector" else "where it happens",
                metric.healthy,
            )
            for name, metric in METRICS.items()
        ),
    )
    return f"{table}\nWith all their dimensions these are {billed_metrics()} billed metrics.\n"


def aws_metrics() -> str:
    """List the metrics of AWS that the dashboards show."""
    return markdown(
        ("namespace", "metric", "by", "what it is", "billed"),
        (
            (
                f"`{metric.namespace}`",
                f"`{metric.name}`",
                ", ".join(f"`{dimension}`" for dimension in metric.dimensions),
                metric.meaning,
                "yes" if metric.billed else "no",
            )
            for metric in AWS_METRICS
        ),
    )


def alarms() -> str:
    """List the alarms, for the runbook."""
    return markdown(
        ("alarm", "what has happened", "what to do"),
        (
            (
                f"`{alarm.name}`",
                alarm.meaning,
                f"[{alarm.runbook.replace('-', ' ')}](#{alarm.runbook})",
            )
            for alarm in ALARMS
        ),
    )


def settings() -> str:
    """List the settings: what the docstring of `Settings` says, and the defaults.

    Raises
    ------
    KeyError
        If the docstring does not describe one of them.
    """
    meanings = {
        name: _one_line(found["meaning"])
        for found in _ATTRIBUTES.finditer(cleandoc(Settings.__doc__ or ""))
        for name in found["names"].split(", ")
    }
    return markdown(
        ("variable", "meaning", "default"),
        (
            (f"`SHOP_{field.name.upper()}`", meanings[field.name], _default(field.default))
            for field in fields(Settings)
        ),
    )


def _one_line(text: str) -> str:
    # The docstring's ``literals``, as Markdown has them.
    return " ".join(text.split()).replace("``", "`")


def _default(value: Any) -> str:
    if value is NODEFAULT:
        return "required"
    if value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def endpoint(checkout: Path) -> str:
    """Quote a handler."""
    code = (checkout / "functions/inventory/get_stock/handler.py").read_text()
    return f"```python\n{code}```\n"
