"""One table of metrics: what is emitted, what the dashboards show, and what the alarms watch."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from documents.files import GRAFANA, OBSERVABILITY
from shop import observability
from shop.contracts.aws_metrics import AWS_METRICS
from shop.contracts.metrics import METRICS, MetricName
from shop_local import template
from shop_local.paths import CHECKOUT

type Shown = tuple[str, str, frozenset[str]]

_SHOP: Final = CHECKOUT / "layers/shop/python/shop"
_SEARCH: Final = re.compile(r"SEARCH\('\{([^}]+)\} MetricName=\"(\w+)\"[^']*', '\w+', \d+\)")
_TABLE: Final[set[Shown]] = {
    ("Shop", name, frozenset(metric.dimensions)) for name, metric in METRICS.items()
} | {(metric.namespace, metric.name, frozenset(metric.dimensions)) for metric in AWS_METRICS}


def _template() -> dict[str, Any]:
    return template.read(CHECKOUT / OBSERVABILITY)


def _bodies() -> dict[str, Any]:
    resources = _template()["Resources"]
    return {
        name: json.loads(resource["Properties"]["DashboardBody"]["Fn::Sub"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::CloudWatch::Dashboard"
    }


def _alarms() -> dict[str, Any]:
    return {
        name.removesuffix("Alarm"): resource["Properties"]
        for name, resource in _template()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def _grafana() -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in (CHECKOUT / GRAFANA).glob("*.json")}


def _searched(expression: str) -> Iterator[Shown]:
    found = _SEARCH.fullmatch(expression)
    if found:
        namespace, *dimensions = found[1].split(",")
        yield namespace, found[2], frozenset(dimensions)
    else:
        assert re.fullmatch(r"[\w\s*/+()]+", expression), expression


def _on_cloudwatch(body: Any) -> Iterator[Shown]:
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", ()):
            if "expression" in metric[0]:
                yield from _searched(metric[0]["expression"])
            else:
                namespace, name, *dimensions = metric[:-1]
                yield namespace, name, frozenset(dimensions[::2])


def _on_grafana(board: Any) -> Iterator[Shown]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            if target["queryMode"] == "Logs":
                continue
            if target["expression"]:
                yield from _searched(target["expression"])
            else:
                yield target["namespace"], target["metricName"], frozenset(target["dimensions"])


def _calls(path: Path) -> list[ast.Call]:
    """Find the calls of `metric` and `count`, and of functions that pass a name on to it."""
    return [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.args
        and (node.func.id in ("metric", "emit") or (node.func.id == "count" and node.keywords))
    ]


def _constants(nodes: Iterable[ast.expr | None]) -> set[str]:
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def _emitted() -> set[str]:
    """Names that the code passes to `metric` and `count`, and those of dictionaries that it goes through."""
    found = set()
    for path in _SHOP.rglob("*.py"):
        named = [call.args[0] for call in _calls(path)]
        found |= _constants(named)
        if path != _SHOP / "observability.py" and len(_constants(named)) < len(named):
            trees = ast.walk(ast.parse(path.read_text()))
            keys = _constants(
                key for tree in trees if isinstance(tree, ast.Dict) for key in tree.keys
            )
            found |= keys & set(METRICS)
    return found


def test_the_code_emits_the_metrics_of_the_table_and_no_others() -> None:
    assert tuple(METRICS) == get_args(MetricName.__value__)
    assert _emitted() == set(METRICS)


def test_a_metric_is_emitted_with_the_dimensions_of_the_table() -> None:
    with pytest.raises(ValueError, match="layer"):
        observability.metric("CacheHits")
    with pytest.raises(ValueError, match="queue"):
        observability.metric("QueueDepth", 1, at=None, queue="orders")


def test_cloudwatch_shows_every_metric_of_the_table_and_no_other() -> None:
    bodies = _bodies()
    assert set(bodies) == {
        "BusinessDashboard", "TechnicalDashboard", "InfrastructureDashboard",
    }  # fmt: skip
    assert {shown for body in bodies.values() for shown in _on_cloudwatch(body)} == _TABLE


def test_grafana_shows_every_metric_of_the_table_and_no_other() -> None:
    boards = _grafana()
    assert set(boards) == {"business", "technical", "infrastructure"}
    assert {shown for board in boards.values() for shown in _on_grafana(board)} == _TABLE


def test_panels_do_not_overlap() -> None:
    places = [
        [
            tuple(widget[side] for side in ("x", "y", "width", "height"))
            for widget in body["widgets"]
        ]
        for body in _bodies().values()
    ] + [
        [tuple(panel["gridPos"][side] for side in "xywh") for panel in board["panels"]]
        for board in _grafana().values()
    ]
    assert len(places) == 6
    for board in places:
        cells = [
            (x + across, y + down)
            for x, y, width, height in board
            for across in range(width)
            for down in range(height)
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24


def test_grafana_s_variables_are_declared() -> None:
    for board in _grafana().values():
        declared = {variable["name"] for variable in board["templating"]["list"]}
        assert set(re.findall(r"\$\{(\w+)\}", json.dumps(board["panels"]))) == declared


@pytest.mark.parametrize("message", ["orders of the last day", "sold in an hour"])
def test_queries_of_the_log_look_for_lines_that_are_written(message: str) -> None:
    queries = [
        widget["properties"]["query"]
        for body in _bodies().values()
        for widget in body["widgets"]
        if widget["type"] == "log"
    ]
    assert sum(f'message = "{message}"' in query for query in queries) == 1
    assert f'_log.info("{message}"' in (_SHOP / "services/platform/metrics.py").read_text()


def test_alarms_watch_metrics_of_the_table() -> None:
    watched = {
        (
            alarm["Namespace"],
            alarm["MetricName"],
            frozenset(dimension["Name"] for dimension in alarm.get("Dimensions", ())),
        )
        for alarm in _alarms().values()
    }
    assert len(watched) > 10
    assert watched <= _TABLE


def test_every_alarm_has_its_entry_in_the_runbook() -> None:
    runbook = (CHECKOUT / "docs/runbook.md").read_text()
    entries = dict(
        re.findall(r"^\| `(\w+)` \| .+ \| \[.+\]\(#([\w-]+)\) \|$", runbook, re.MULTILINE)
    )
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    }
    alarms = _alarms()
    assert set(entries) == set(alarms)
    for name, section in entries.items():
        assert alarms[name]["AlarmDescription"].endswith(f"docs/runbook.md#{section}")
        assert section in headings
