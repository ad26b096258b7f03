"""The floor: what the declared resources cost a month, whether or not anybody orders.

It is read from the CloudFormation templates, by the types of their resources and the defaults of their
parameters, which decide too whether a conditional resource exists. A type that this table does not know is
an error: its cost would be left out unnoticed.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from shop.domain.costs import HOURS_PER_MONTH, FloorItem, PriceList, times

type Document = Mapping[str, Any]

#: Types that cost nothing.
FREE: Final = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::EC2::SecurityGroup",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::Serverless::LayerVersion",
    }
)
#: Types that are billed by use only, which the ledger or the bill of AWS itemises.
BY_USE: Final = frozenset(
    {
        "AWS::CloudFront::Distribution",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::Serverless::StateMachine",
    }
)


class FloorError(Exception):
    """A template declares what cannot be priced; the message names it."""


class _Resource:
    """A resource with the values that its properties have by default."""

    def __init__(self, logical_id: str, declared: Document, parameters: Document) -> None:
        self.logical_id = logical_id
        self._properties = declared.get("Properties", {})
        self._parameters = parameters

    def value(self, *path: str) -> Any:
        """Give a property.

        Raises
        ------
        FloorError
            If it is not there, or is neither a value nor a parameter with a default.
        """
        found: Any = self._properties
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping) and set(found) == {"Ref"}:
            found = self._parameters.get(found["Ref"], {}).get("Default")
        if found is None or isinstance(found, Mapping | list):
            raise FloorError(f"{self.logical_id}: {'.'.join(path)} has no value by default")
        return found


class _Cost:
    """What one resource is billed for: a name, how much of it, and the key of its price."""

    def __init__(self, name: str, quantity: Decimal, price_key: str) -> None:
        self.name = name
        self.quantity = quantity
        self.price_key = price_key


def _search(domain: _Resource) -> Iterator[_Cost]:
    nodes = Decimal(domain.value("ClusterConfig", "InstanceCount"))
    instance = domain.value("ClusterConfig", "InstanceType")
    disk = domain.value("EBSOptions", "VolumeType")
    gib = Decimal(domain.value("EBSOptions", "VolumeSize"))
    yield _Cost("nodes", nodes * HOURS_PER_MONTH, f"opensearch.{instance}.hour")
    yield _Cost("disks", nodes * gib, f"ebs.{disk}.gib_month")


def _broker(broker: _Resource) -> Iterator[_Cost]:
    nodes = 3 if broker.value("DeploymentMode") == "CLUSTER_MULTI_AZ" else 1
    engine = str(broker.value("EngineType")).lower()
    instance = broker.value("HostInstanceType")
    yield _Cost("nodes", Decimal(nodes * HOURS_PER_MONTH), f"mq.{engine}.{instance}.hour")


def _nat(_gateway: _Resource) -> Iterator[_Cost]:
    yield _Cost("gateway", Decimal(HOURS_PER_MONTH), "nat.hour")


def _one(price_key: str) -> Callable[[_Resource], Iterator[_Cost]]:
    """Make the rule of what is billed by the piece."""

    def rule(_resource: _Resource) -> Iterator[_Cost]:
        yield _Cost("month", Decimal(1), price_key)

    return rule


_RULES: Final[dict[str, Callable[[_Resource], Iterator[_Cost]]]] = {
    "AWS::AmazonMQ::Broker": _broker,
    "AWS::CloudWatch::Alarm": _one("alarm.month"),
    "AWS::CloudWatch::Dashboard": _one("dashboard.month"),
    "AWS::EC2::NatGateway": _nat,
    "AWS::OpenSearchService::Domain": _search,
    "AWS::SecretsManager::Secret": _one("secret.month"),
}


def floor(templates: Mapping[str, Document], prices: PriceList) -> list[FloorItem]:
    """Price what templates declare.

    Parameters
    ----------
    templates : mapping
        Parsed templates by name, short forms such as ``!Ref`` written out.

    Raises
    ------
    FloorError
        If a type of resource is not known, or its size is not.
    PriceMissing
        If a price is.
    """
    return [
        item
        for name, template in templates.items()
        for logical_id, resource in template["Resources"].items()
        for item in _items(name, logical_id, resource, template, prices)
    ]


def _exists(condition: str | None, template: Document) -> bool:
    """Whether a resource exists when all parameters have their defaults."""
    if condition is None:
        return True
    return bool(_evaluate(template["Conditions"][condition], template))


def _evaluate(expression: Any, template: Document) -> Any:
    """Evaluate what a condition may contain.

    Raises
    ------
    FloorError
        If it contains another function.
    """
    match expression:
        case {"Ref": name}:
            found = template["Parameters"][name].get("Default")
        case {"Condition": name}:
            found = _evaluate(template["Conditions"][name], template)
        case {"Fn::Not": [inner]}:
            found = not _evaluate(inner, template)
        case {"Fn::Equals": [left, right]}:
            found = str(_evaluate(left, template)) == str(_evaluate(right, template))
        case {"Fn::And": inner}:
            found = all(_evaluate(each, template) for each in inner)
        case {"Fn::Or": inner}:
            found = any(_evaluate(each, template) for each in inner)
        case str() | int() | float():
            found = expression
        case _:
            raise FloorError(f"a condition that the floor cannot evaluate: {expression!r}")
    return found


def _items(
    template_name: str,
    logical_id: str,
    declared: Document,
    template: Document,
    prices: PriceList,
) -> Iterator[FloorItem]:
    kind = declared["Type"]
    if kind in FREE or kind in BY_USE or not _exists(declared.get("Condition"), template):
        return
    if kind not in _RULES:
        raise FloorError(
            f"{template_name}: {logical_id} is of type {kind}, of which the floor does not know the cost"
        )
    resource = _Resource(logical_id, declared, template.get("Parameters", {}))
    for cost in _RULES[kind](resource):
        price = prices.price(cost.price_key)
        yield FloorItem(
            f"{logical_id} {cost.name}",
            kind,
            cost.quantity,
            price.unit,
            cost.price_key,
            times(cost.quantity, price.amount),
            price.currency,
        )
