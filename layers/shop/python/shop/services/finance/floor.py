"""The floor: what the declared resources cost a month, whether or not anybody orders.

It is read from the CloudFormation templates, by the types of their resources and the values of their
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
        "AWS::SQS::Queue",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::Serverless::StateMachine",
    }
)


class FloorError(Exception):
    """A template declares what cannot be priced; the message names it."""


class _Template:
    """A template with values of its parameters."""

    def __init__(self, document: Document, values: Mapping[str, str]) -> None:
        self.document = document
        self._values = values

    def exists(self, condition: str | None) -> bool:
        """Whether a resource with this condition is created."""
        return condition is None or bool(self.evaluate({"Condition": condition}))

    def evaluate(self, expression: Any) -> Any:
        """Evaluate what a condition or a property may contain; None if a parameter has no value.

        Raises
        ------
        FloorError
            If it contains another function.
        """
        match expression:
            case {"Ref": name}:
                declared = self.document.get("Parameters", {}).get(name, {})
                found = self._values.get(name, declared.get("Default"))
            case {"Condition": name}:
                found = self.evaluate(self.document["Conditions"][name])
            case {"Fn::FindInMap": [table, *keys]}:
                found = self.document["Mappings"][table]
                for key in keys:
                    found = found[str(self.evaluate(key))]
            case {"Fn::If": [condition, yes, no]}:
                found = self.evaluate(yes if self.exists(condition) else no)
            case {"Fn::Not": [inner]}:
                found = not self.evaluate(inner)
            case {"Fn::Equals": [left, right]}:
                found = str(self.evaluate(left)) == str(self.evaluate(right))
            case {"Fn::And": inner}:
                found = all(self.evaluate(each) for each in inner)
            case {"Fn::Or": inner}:
                found = any(self.evaluate(each) for each in inner)
            case str() | int() | float() | None:
                found = expression
            case _:
                raise FloorError(f"an expression that the floor cannot evaluate: {expression!r}")
        return found


class _Resource:
    """A resource with the values of its properties."""

    def __init__(self, logical_id: str, template: _Template) -> None:
        self.logical_id = logical_id
        self.template = template
        self._properties = template.document["Resources"][logical_id].get("Properties", {})

    def has(self, name: str) -> bool:
        """Whether a property is given."""
        return name in self._properties

    def items(self, name: str) -> int:
        """Count the items of a property that is a list."""
        return len(self._properties.get(name, ()))

    def value(self, *path: str) -> Any:
        """Give a property.

        Raises
        ------
        FloorError
            If it is not there, or has no value that can be computed.
        """
        found: Any = self._properties
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        evaluated = self.template.evaluate(found)
        if evaluated is None or isinstance(evaluated, Mapping | list):
            raise FloorError(f"{self.logical_id}: {'.'.join(path)} has no value")
        return evaluated


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


RULES: Final[dict[str, Callable[[_Resource], Iterator[_Cost]]]] = {
    "AWS::AmazonMQ::Broker": _broker,
    "AWS::CloudWatch::Alarm": _one("alarm.month"),
    "AWS::CloudWatch::Dashboard": _one("dashboard.month"),
    "AWS::EC2::NatGateway": _nat,
    "AWS::OpenSearchService::Domain": _search,
    "AWS::SecretsManager::Secret": _one("secret.month"),
}


def floor(
    templates: Mapping[str, Document],
    prices: PriceList,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> list[FloorItem]:
    """Price what templates declare.

    Parameters
    ----------
    templates : mapping
        Parsed templates by name, short forms such as ``!Ref`` written out.
    parameters : mapping, optional
        Values of their parameters, by template; the others have their defaults.

    Raises
    ------
    FloorError
        If a type of resource is not known, or its size is not.
    PriceMissing
        If a price is.
    """
    given = parameters or {}
    return [
        item
        for name, document in templates.items()
        for logical_id, resource in document["Resources"].items()
        for item in _items(
            name, logical_id, resource, _Template(document, given.get(name, {})), prices
        )
    ]


def _items(
    template_name: str,
    logical_id: str,
    declared: Document,
    template: _Template,
    prices: PriceList,
) -> Iterator[FloorItem]:
    kind = declared["Type"]
    if kind in FREE or kind in BY_USE or not template.exists(declared.get("Condition")):
        return
    if kind not in RULES:
        raise FloorError(
            f"{template_name}: {logical_id} is of type {kind}, of which the floor does not know the cost"
        )
    for cost in RULES[kind](_Resource(logical_id, template)):
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
