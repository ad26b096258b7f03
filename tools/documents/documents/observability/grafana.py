"""``infra/grafana/*.json``: the same dashboards for Grafana, made by its Foundation SDK.

They read CloudWatch. Each parameter of the CloudWatch dashboards is a variable.
"""

import json
import re
from typing import Any, Final

from grafana_foundation_sdk.builders.cloudwatch import CloudWatchLogsQuery, CloudWatchMetricsQuery
from grafana_foundation_sdk.builders.common import StackingConfig
from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardBuilder
from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, TextBoxVariable
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.builders.timeseries import Panel as LinesPanel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.cloudwatch import (
    CloudWatchQueryMode,
    MetricEditorMode,
    MetricQueryType,
)
from grafana_foundation_sdk.models.common import GraphDrawStyle, StackingMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos

from documents.observability.dashboards import DASHBOARDS
from documents.observability.panels import Dashboard, Expression, Line, Panel, Search, Table

_SOURCE: Final = DataSourceRef(type_val="cloudwatch", uid="${cloudwatch}")
_WIDTH, _HEIGHT = 12, 8
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_DEFAULTS: Final = {"ApplicationStack": "shop", "ApiName": "shop"}


def files() -> dict[str, str]:
    """Return the dashboards by the names of their files."""
    return {f"{board.name}.json": _json(board) for board in DASHBOARDS}


def _json(board: Dashboard) -> str:
    made = (
        DashboardBuilder(f"Shop: {board.title}")
        .uid(f"shop-{board.name}")
        .tags(["shop"])
        .timezone("utc")
        .time("now-24h", "now")
        .refresh("5m")
        .with_variable(DatasourceVariable("cloudwatch").type("cloudwatch").label("CloudWatch"))
    )
    for name in dict.fromkeys(_VARIABLE.findall(repr(board.panels))):
        made = made.with_variable(TextBoxVariable(name).default_value(_DEFAULTS.get(name, "")))
    for number, panel in enumerate(board.panels):
        row, column = divmod(number, 2)
        place = GridPos(h=_HEIGHT, w=_WIDTH, x=column * _WIDTH, y=row * _HEIGHT)
        built = _table(panel) if isinstance(panel, Table) else _lines(panel)
        made = made.with_panel(built.title(panel.title).datasource(_SOURCE).grid_pos(place))
    return json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _table(table: Table) -> Any:
    query = (
        CloudWatchLogsQuery()
        .query_mode(CloudWatchQueryMode.LOGS)
        .ref_id("A")
        .id("")
        .region("default")
        .log_group_names([table.log_group])
        .expression(table.query)
    )
    return TablePanel().with_target(query)


def _lines(panel: Panel) -> Any:
    made = LinesPanel()
    if panel.view == "bars":
        made = made.draw_style(GraphDrawStyle.BARS).fill_opacity(80)
    elif panel.view == "areas":
        made = made.stacking(StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(30)
    for number, line in enumerate(panel.lines):
        made = made.with_target(_query(line, chr(ord("A") + number), panel.period))
    return made


def _query(line: Line | Search | Expression, ref_id: str, period: int) -> CloudWatchMetricsQuery:
    query = (
        CloudWatchMetricsQuery()
        .query_mode(CloudWatchQueryMode.METRICS)
        .metric_query_type(MetricQueryType.SEARCH)
        .ref_id(ref_id)
        .region("default")
        .period(str(period))
    )
    if isinstance(line, Line):
        region = "us-east-1" if line.namespace == "AWS/CloudFront" else "default"
        return (
            query.metric_editor_mode(MetricEditorMode.BUILDER)
            .region(region)
            .namespace(line.namespace)
            .metric_name(line.name)
            .statistic(line.stat)
            .dimensions(dict(line.dimensions))
            .match_exact(match_exact=True)
            .label(line.label)
            .id(line.id)
            .expression("")
            .hide(bool(line.id))
        )
    label = line.label if isinstance(line, Expression) else ""
    return (
        query.metric_editor_mode(MetricEditorMode.CODE)
        .expression(line.expression)
        .label(label)
        .id("")
        .namespace("")
    )
