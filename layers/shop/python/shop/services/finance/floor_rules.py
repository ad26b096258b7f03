"""Rules of the floor: what a resource of each type is billed for, whether or not it is used."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from shop.domain.costs import HOURS_PER_MONTH

type Document = Mapping[str, Any]

#: What Amazon RDS Proxy bills at least: https://aws.amazon.com/rds/proxy/pricing/.
_PROXY_VCPUS: Final = 2
_PROXY_ACUS: Final = 8
#: Seconds of the shortest period of a standard alarm.
_MINUTE: Final = 60


class FloorError(Exception):
    """A template declares what cannot be priced; the message names it."""


class Template:
    """A template with values of its parameters."""

    def __init__(self, document: Document, values: Mapping[str, str]) -> None:
        self.document = document
        self._values = values

    def exists(self, condition: str | None) -> bool:
        """Whether a resource with this condition is created."""
        return condition is None or bool(self.evaluate({"Condition": condition}))

    def evaluate(self, expression: Any) -> Any:
        """Evaluate what a condition or a property may contain; None if a parameter has no value.

        A reference to a resource is its logical id.

        Raises
        ------
        FloorError
            If it contains another function.
        """
        match expression:
            case {"Ref": name}:
                declared = self.document.get("Parameters", {}).get(name, {})
                default = name if name in self.document["Resources"] else declared.get("Default")
                found = self._values.get(name, default)
            case {"Condition": name}:
                found = self.evaluate(self.document["Conditions"][name])
            case {"Fn::FindInMap": [table, *keys]}:
                found = self.document["Mappings"][table]
                for key in keys:
                    found = found[str(self.evaluate(key))]
            case {"Fn::If": [condition, yes, no]}:
                found = self.evaluate(yes if self.exists(condition) else no)
            case {"Fn::Not": _} | {"Fn::Equals": _} | {"Fn::And": _} | {"Fn::Or": _}:
                found = self._decide(expression)
            case str() | int() | float() | None:
                found = expression
            case _:
                raise FloorError(f"an expression that the floor cannot evaluate: {expression!r}")
        return found

    def _decide(self, expression: Any) -> bool:
        ((function, inner),) = expression.items()
        values = [self.evaluate(each) for each in inner]
        match function:
            case "Fn::Not":
                return not values[0]
            case "Fn::Equals":
                return str(values[0]) == str(values[1])
            case "Fn::And":
                return all(values)
            case _:
                return any(values)


class Resource:
    """A resource with the values of its properties."""

    def __init__(self, logical_id: str, template: Template) -> None:
        self.logical_id = logical_id
        self.template = template
        self._properties = template.document["Resources"][logical_id].get("Properties", {})

    def given(self, name: str) -> Any:
        """Give a property as it is written; None if it is not."""
        return self._properties.get(name)

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


class Cost(NamedTuple):
    """What one resource is billed for: a name, how much of it, and the key of its price."""

    name: str
    quantity: Decimal
    price_key: str


def _hours(of: object = 1) -> Decimal:
    return Decimal(str(of)) * HOURS_PER_MONTH


def _search(domain: Resource) -> Iterator[Cost]:
    nodes = Decimal(domain.value("ClusterConfig", "InstanceCount"))
    instance = domain.value("ClusterConfig", "InstanceType")
    disk = domain.value("EBSOptions", "VolumeType")
    gib = Decimal(domain.value("EBSOptions", "VolumeSize"))
    yield Cost("nodes", _hours(nodes), f"opensearch.{instance}.hour")
    yield Cost("disks", nodes * gib, f"ebs.{disk}.gib_month")


def _broker(broker: Resource) -> Iterator[Cost]:
    nodes = 3 if broker.value("DeploymentMode") == "CLUSTER_MULTI_AZ" else 1
    engine = str(broker.value("EngineType")).lower()
    instance = broker.value("HostInstanceType")
    yield Cost("nodes", _hours(nodes), f"mq.{engine}.{instance}.hour")


def _owner(database: Resource) -> Iterator[Cost]:
    """RDS keeps the owner's password in a secret of its own, which is billed like any other."""
    if database.given("ManageMasterUserPassword"):
        yield Cost("owner's secret", Decimal(1), "secret.month")


def _database(instance: Resource) -> Iterator[Cost]:
    yield from _owner(instance)
    kind = instance.value("DBInstanceClass")
    if kind == "db.serverless":
        cluster = Resource(str(instance.value("DBClusterIdentifier")), instance.template)
        capacity = cluster.value("ServerlessV2ScalingConfiguration", "MinCapacity")
        yield Cost("least capacity", _hours(capacity), "aurora.serverless_v2.acu_hour")
        return
    zones = 2 if instance.value("MultiAZ") else 1
    disk = instance.value("StorageType")
    gib = Decimal(instance.value("AllocatedStorage"))
    engine = instance.value("Engine")
    yield Cost("instances", _hours(zones), f"rds.{engine}.{kind}.hour")
    yield Cost("disks", zones * gib, f"rds.{disk}.gib_month")


def _proxy(proxy: Resource) -> Iterator[Cost]:
    resources = proxy.template.document["Resources"].items()
    serverless = any(
        declared["Type"] == "AWS::RDS::DBCluster"
        and proxy.template.exists(declared.get("Condition"))
        for _, declared in resources
    )
    if serverless:
        yield Cost("least capacity", _hours(_PROXY_ACUS), "rds_proxy.acu_hour")
    else:
        yield Cost("vCPUs", _hours(_PROXY_VCPUS), "rds_proxy.vcpu_hour")


def _cache(group: Resource) -> Iterator[Cost]:
    engine, kind = group.value("Engine"), group.value("CacheNodeType")
    yield Cost("nodes", _hours(group.value("NumCacheClusters")), f"{engine}.{kind}.hour")


def _firewall(firewall: Resource) -> Iterator[Cost]:
    yield Cost("list", Decimal(1), "waf.acl.month")
    yield Cost("rules", Decimal(len(firewall.given("Rules") or ())), "waf.rule.month")


def _alarm(alarm: Resource) -> Iterator[Cost]:
    """One that computes is billed for each metric that it reads, a quicker one at another price."""
    metrics = [one for one in alarm.given("Metrics") or () if "MetricStat" in one]
    periods = [one["MetricStat"]["Period"] for one in metrics] or [alarm.value("Period")]
    resolution = "alarm" if min(map(int, periods)) >= _MINUTE else "alarm.high_resolution"
    yield Cost("metrics", Decimal(len(periods)), f"{resolution}.month")


def _metric_filter(metric_filter: Resource) -> Iterator[Cost]:
    made = metric_filter.given("MetricTransformations") or ()
    yield Cost("metrics", Decimal(len(made)), "metric.month")


def _endpoint(endpoint: Resource) -> Iterator[Cost]:
    if endpoint.value("VpcEndpointType") != "Gateway":
        raise FloorError(f"{endpoint.logical_id}: only gateway endpoints are known, which are free")
    yield from ()


def _by_the_hour(name: str, price_key: str) -> Callable[[Resource], Iterator[Cost]]:
    """Make the rule of what is billed by the hour."""

    def rule(_resource: Resource) -> Iterator[Cost]:
        yield Cost(name, _hours(), price_key)

    return rule


def _one(price_key: str) -> Callable[[Resource], Iterator[Cost]]:
    """Make the rule of what is billed by the piece."""

    def rule(_resource: Resource) -> Iterator[Cost]:
        yield Cost("month", Decimal(1), price_key)

    return rule


RULES: Final[dict[str, Callable[[Resource], Iterator[Cost]]]] = {
    "AWS::AmazonMQ::Broker": _broker,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _one("dashboard.month"),
    "AWS::EC2::EIP": _by_the_hour("address", "public_ipv4.hour"),
    "AWS::EC2::NatGateway": _by_the_hour("gateway", "nat.hour"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElastiCache::ReplicationGroup": _cache,
    "AWS::KMS::Key": _one("kms.key.month"),
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::OpenSearchService::Domain": _search,
    "AWS::RDS::DBCluster": _owner,  # its capacity is that of its instances
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::SecretsManager::Secret": _one("secret.month"),
    "AWS::WAFv2::WebACL": _firewall,
}
