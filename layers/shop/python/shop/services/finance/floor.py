"""The floor: the monthly cost of the declared resources, independent of requests.

It is read from the CloudFormation templates, by the types of their resources and the values of their
parameters, which decide too whether a conditional resource exists. A type that is missing from this table is
an error, because its cost would be omitted silently.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from shop.domain.costs import FloorItem, PriceList, times
from shop.services.finance.floor_rules import RULES, Document, FloorError, Resource, Template

__all__ = ["BY_USE", "FREE", "FloorError", "floor"]

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
        "AWS::Logs::MetricFilter",
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
        "AWS::RDS::DBCluster",  # its storage; its capacity is that of its instances
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
    given = parameters or {}
    return [
        item
        for name, document in templates.items()
        for logical_id, resource in document["Resources"].items()
        for item in _items(
            name, logical_id, resource, Template(document, given.get(name, {})), prices
        )
    ]


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
