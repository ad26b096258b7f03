"""The floor: the monthly cost of the declared resources, independent of requests.

It is read from the CloudFormation templates, by the types of their resources and the values of their
parameters, which decide too whether a conditional resource exists. A type that is missing from this table is
an error, because its cost would be omitted silently. The shop's own metrics are no
resources: they are counted from the table of metrics where functions that emit them are declared.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from shop.contracts.billed_metrics import billed_metrics
from shop.contracts.metrics import NAMESPACE
from shop.domain.costs import FloorItem, PriceList, times
from shop.services.finance.floor_rules import (
    RULES,
    Cost,
    Document,
    FloorError,
    Resource,
    Template,
)

__all__ = ["BY_USE", "FREE", "METRICS", "FloorError", "floor"]

#: What the floor calls our own metrics, which are not resources of CloudFormation.
METRICS: Final = "custom metrics"

#: Types that cost nothing.
FREE: Final = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::Budgets::Budget",  # without actions
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ElastiCache::ParameterGroup",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::RDS::DBClusterParameterGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SES::ConfigurationSet",
        "AWS::SES::ConfigurationSetEventDestination",
        "AWS::SES::EmailIdentity",
        "AWS::SNS::TopicPolicy",
        "AWS::SSM::Parameter",  # of the tier Standard
        "AWS::Serverless::LayerVersion",
    }
)
#: Types that are billed by use only, which the ledger or the bill of AWS itemises.
BY_USE: Final = frozenset(
    {
        "AWS::CloudFront::Distribution",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::Serverless::StateMachine",
    }
)


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
    known = _values(templates, parameters or {})
    items = [
        item
        for name, document in templates.items()
        for logical_id, resource in document["Resources"].items()
        for item in _items(name, logical_id, resource, Template(document, known[name]), prices)
    ]
    if any(_emits(document) for document in templates.values()):
        metrics = Cost("metrics", Decimal(billed_metrics()), "metric.month")
        items.append(_priced(f"{NAMESPACE} {metrics.name}", METRICS, metrics, prices))
    return items


def _values(
    templates: Mapping[str, Document], given: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Give parameters the values that they have once all templates are deployed.

    What one template hands over, as an output or below a path of Parameter Store, is there for the others'
    parameters of that name.
    """
    handed: dict[str, str] = {}
    for name, document in templates.items():
        template = Template(document, given.get(name, {}))
        for offered, declared in _handed_over(document):
            if template.exists(declared.get("Condition")):
                handed[offered] = f"{name}:{offered}"
    return {
        name: {
            **{each: handed[each] for each in document.get("Parameters", {}) if each in handed},
            **given.get(name, {}),
        }
        for name, document in templates.items()
    }


def _handed_over(document: Document) -> Iterator[tuple[str, Document]]:
    yield from document.get("Outputs", {}).items()
    for declared in document["Resources"].values():
        if declared["Type"] == "AWS::SSM::Parameter":
            path = declared["Properties"]["Name"]
            yield (
                str(path.get("Fn::Sub") if isinstance(path, Mapping) else path).rpartition("/")[2],
                declared,
            )


def _emits(document: Document) -> bool:
    return any(
        declared["Type"] == "AWS::Serverless::Function"
        for declared in document["Resources"].values()
    )


def _items(
    template_name: str,
    logical_id: str,
    declared: Document,
    template: Template,
    prices: PriceList,
) -> Iterator[FloorItem]:
    kind = declared["Type"]
    if kind in FREE or kind in BY_USE or not template.exists(declared.get("Condition")):
        return
    if kind not in RULES:
        raise FloorError(
            f"{template_name}: {logical_id} is of type {kind}, of which the floor does not know the cost"
        )
    for cost in RULES[kind](Resource(logical_id, template)):
        yield _priced(f"{logical_id} {cost.name}", kind, cost, prices)


def _priced(name: str, kind: str, cost: Cost, prices: PriceList) -> FloorItem:
    price = prices.price(cost.price_key)
    return FloorItem(
        name,
        kind,
        cost.quantity,
        price.unit,
        cost.price_key,
        times(cost.quantity, price.amount),
        price.currency,
    )
