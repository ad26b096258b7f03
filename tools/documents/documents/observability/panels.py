"""What a dashboard is made of.

``${Name}`` in a value is a parameter of the template and a variable of the Grafana dashboards alike.
"""

from typing import Final, Literal, NamedTuple

from shop.contracts.metrics import METRICS, NAMESPACE, MetricName

type View = Literal["lines", "bars", "areas"]

#: Seconds of a point.
PERIOD: Final = 300


class Line(NamedTuple):
    """A metric on a panel.

    Attributes
    ----------
    id : str
        Names it in an `Expression`; a line that has one is not shown itself.
    """

    namespace: str
    name: str
    stat: str
    label: str
    dimensions: tuple[tuple[str, str], ...] = ()
    id: str = ""


class Search(NamedTuple):
    """A metric in all the combinations of its dimensions that there are."""

    namespace: str
    name: str
    stat: str
    dimensions: tuple[str, ...]
    #: What the values of a dimension contain.
    term: str = ""

    @property
    def expression(self) -> str:
        """CloudWatch's ``SEARCH``."""
        schema = ",".join((self.namespace, *self.dimensions))
        term = f" {self.term}" if self.term else ""
        return f"SEARCH('{{{schema}}} MetricName=\"{self.name}\"{term}', '{self.stat}', {PERIOD})"


class Expression(NamedTuple):
    """Computed of lines of the same panel."""

    expression: str
    label: str


class Panel(NamedTuple):
    """Metrics over time."""

    title: str
    lines: tuple[Line | Search | Expression, ...]
    view: View = "lines"
    period: int = PERIOD


class Table(NamedTuple):
    """The answer to a query of a log group, which costs what it reads when somebody looks."""

    title: str
    log_group: str
    query: str


class Dashboard(NamedTuple):
    """A dashboard: two panels a row."""

    name: str
    title: str
    panels: tuple[Panel | Table, ...]


def ours(name: MetricName, stat: str, label: str, *, id: str = "", **dimensions: str) -> Line:  # noqa: A002
    """Show a metric of the table."""
    return Line(NAMESPACE, name, stat, label, tuple(dimensions.items()), id)


def ours_by_dimension(name: MetricName, stat: str) -> Search:
    """Show a metric of the table in all its dimensions."""
    return Search(NAMESPACE, name, stat, METRICS[name].dimensions)
