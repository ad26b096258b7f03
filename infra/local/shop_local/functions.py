"""The functions of infra/template.yaml, with their routes, queues and schedules."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from shop_local import template
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
    layers : tuple of Path
        Folders of its layers' content, as built.
    """

    logical_id: str
    service: str
    name: str
    route: tuple[str, str] | None = None
    queues: tuple[str, ...] = ()
    schedule: str | None = None
    layers: tuple[Path, ...] = ()

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


def is_name_of(physical: str, logical_id: str) -> bool:
    """Return whether CloudFormation gave this name to that resource.

    Long ids are cut: ``shop-NotificationsOnOrderConf-e6c47c6b`` is ``NotificationsOnOrderConfirmedFunction``.
    """
    stack_and_id, _, _ = physical.rpartition("-")
    _, _, shortened = stack_and_id.partition("-")
    return bool(shortened) and logical_id.startswith(shortened)


@cache
def declared() -> tuple[Function, ...]:
    """Return every function, in the order of the template."""
    document = template.read(TEMPLATE)
    folders = template.layers(TEMPLATE)
    shared = document["Globals"]["Function"]["Layers"]
    return tuple(
        replace(
            _function(logical_id, resource["Properties"]),
            layers=tuple(
                folders[layer["Ref"]]
                for layer in (*shared, *resource["Properties"].get("Layers", ()))
            ),
        )
        for logical_id, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    )


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
