"""Read infra/template.yaml: the one table of functions, routes, queues and schedules."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shop_local.paths import CHECKOUT, TEMPLATE


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function as the template declares it.

    Attributes
    ----------
    service, name : str
        Its folder below ``functions/``.
    route : tuple of str or None
        Method (upper case) and path, of an endpoint.
    queues : tuple of str
        Of an event handler.
    schedule : str or None
        For example ``rate(1 minute)``.
    """

    logical_id: str
    service: str
    name: str
    route: tuple[str, str] | None = None
    queues: tuple[str, ...] = ()
    schedule: str | None = None

    @property
    def folder(self) -> Path:
        """Where its handler.py is."""
        return CHECKOUT / "functions" / self.service / self.name

    @property
    def title(self) -> str:
        """``<service>/<function>``."""
        return f"{self.service}/{self.name}"

    @property
    def kind(self) -> str:
        """One of endpoint, consumer, schedule and task."""
        if self.route:
            return "endpoint"
        if self.queues:
            return "consumer"
        return "schedule" if self.schedule else "task"


@cache
def functions() -> tuple[Function, ...]:
    """Give every function, in the order of the template."""
    resources = load(TEMPLATE)["Resources"]
    return tuple(
        _function(logical_id, resource["Properties"])
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    )


def load(path: Path) -> dict[str, Any]:
    """Read a CloudFormation template; ``!Ref X`` and the like read as ``{"Ref": X}``."""
    document: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # a SafeLoader
    return document


def _function(logical_id: str, properties: dict[str, Any]) -> Function:
    *_, service, name = Path(properties["CodeUri"]).parts
    route, queues, schedule = None, (), None
    for event in properties.get("Events", {}).values():
        details = event["Properties"]
        match event["Type"]:
            case "Api":
                route = (details["Method"].upper(), details["Path"])
            case "MQ":
                queues = tuple(details["Queues"])
            case "ScheduleV2":
                schedule = details["ScheduleExpression"]
            case other:
                raise ValueError(f"{logical_id}: events of type {other} are not known here")
    return Function(logical_id, service, name, route, queues, schedule)


class _Loader(yaml.SafeLoader):
    """Understands CloudFormation's short forms."""


def _short_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"!{tag} of {node!r}")


_Loader.add_multi_constructor("!", _short_form)
