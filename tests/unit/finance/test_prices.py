"""Price lists: what a file must have, what is missing is named, and what the floor is read from."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shop.contracts.billed_metrics import billed_metrics
from shop.domain.costs import FloorItem, Kind, PriceList, PriceMissing, together, undeclared
from shop.entrypoints.commands.templates import read_template
from shop.services.finance.floor import METRICS, FloorError, floor
from shop.services.finance.price_files import PriceFileError, parse, write
from shop_local.cost.presets import preset_floors
from shop_local.paths import INFRASTRUCTURE
from tests.support.finance import shipped_prices

_FILES = sorted((INFRASTRUCTURE / "pricing").glob("*.json"))
_TEMPLATES = {path.name: read_template(path) for path in sorted(INFRASTRUCTURE.glob("*.yaml"))}


def _broken(**changes: Any) -> bytes:
    """Give the shipped file with its first price changed."""
    content = json.loads((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())
    content["prices"][0] |= changes
    return json.dumps(content).encode()


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_every_shipped_list_prices_everything_that_is_billed(path: Path) -> None:
    prices = parse(path.read_bytes())
    assert path.stem == prices.region
    for kind in Kind:
        for architecture in ("x86_64", "arm64"):
            assert prices.price(kind.price_key(architecture)).amount > 0
    assert floor(_TEMPLATES, prices)
    assert write(prices) == path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"price": 0.0000166667}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "1e-7"}, "price"),
        ({"price": ""}, "price"),
        ({"source": "a page"}, "source"),
        ({"dated": "yesterday"}, "dated"),
        ({"tier": ""}, "tier"),
        ({"note": "?"}, "note"),
        ({"key": "email"}, "email is there twice"),
    ],
)
def test_a_malformed_file_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(PriceFileError, match=named):
        parse(_broken(**changes))


def test_a_missing_price_names_key_region_and_version() -> None:
    prices = shipped_prices()
    with pytest.raises(PriceMissing) as missing:
        prices.price("lambda_duration.riscv")
    error = missing.value
    assert (error.key, error.region, error.version) == (
        "lambda_duration.riscv", "us-east-1", prices.version,
    )  # fmt: skip
    assert "lambda_duration.riscv" in str(error)
    assert "us-east-1" in str(error)
    assert prices.version in str(error)


def test_arm64_has_a_price_of_its_own() -> None:
    assert Kind.LAMBDA_DURATION.price_key("arm64") == "lambda_duration.arm64"
    assert Kind.LAMBDA_REQUEST.price_key("arm64") == "lambda_request"
    prices = shipped_prices()
    assert prices.price("lambda_duration.x86_64").amount == Decimal("0.0000166667")
    assert prices.price("lambda_duration.arm64").amount == Decimal("0.0000133334")


_SIZES = _TEMPLATES["data.yaml"]["Mappings"]["Presets"]


def _items(preset: str) -> dict[str, FloorItem]:
    items = floor(_TEMPLATES, shipped_prices(), {"data.yaml": {"Preset": preset}})
    by_name = {item.name: item for item in items}
    assert len(by_name) == len(items)  # the database keeps them by name
    return by_name


def test_the_floor_is_what_the_templates_declare() -> None:
    items = _items("medium")
    size = _SIZES["medium"]
    nodes = items["SearchDomain nodes"]
    assert nodes.price_key == f"opensearch.{size['SearchClass']}.hour"
    assert nodes.quantity == 730 * size["SearchNodes"]
    assert nodes.monthly_amount == nodes.quantity * Decimal("0.036")
    assert items["SearchDomain disks"].quantity == size["SearchNodes"] * size["SearchStorage"]
    assert items["Database instances"].quantity == 2 * 730
    assert items["Database disks"].quantity == 2 * size["DatabaseStorage"]
    assert items["DatabaseProxy vCPUs"].quantity == 2 * 730
    assert items["Firewall rules"].quantity == 3
    assert items["DatabaseSecret month"].monthly_amount == Decimal("0.40")
    assert items["Database owner's secret"].monthly_amount == Decimal("0.40")


def test_a_secret_that_another_template_hands_over_is_not_made_again() -> None:
    """template.yaml makes a broker's secret of its own only if data.yaml hands none over."""
    assert "BrokerSecret month" not in _items("medium")
    alone = floor({"template.yaml": _TEMPLATES["template.yaml"]}, shipped_prices())
    assert "BrokerSecret month" in {item.name for item in alone}


def test_metrics_dashboards_and_alarms_are_counted_and_not_retyped() -> None:
    items = _items("large")
    declared = Counter(
        resource["Type"]
        for document in _TEMPLATES.values()
        for resource in document["Resources"].values()
    )
    found = Counter(item.resource for item in items.values())
    assert found["AWS::CloudWatch::Dashboard"] == declared["AWS::CloudWatch::Dashboard"]
    # Its NAT gateway is named by hand; without the name there is nothing to watch.
    assert found["AWS::CloudWatch::Alarm"] == declared["AWS::CloudWatch::Alarm"] - 1
    assert items["BusinessDashboard month"].monthly_amount == Decimal("3.00")
    assert items["ApiErrorsAlarm metrics"].monthly_amount == Decimal("0.10")
    metrics = items["Shop metrics"]
    assert (metrics.resource, metrics.unit) == (METRICS, "metric-month")
    assert metrics.quantity == billed_metrics()
    assert metrics.monthly_amount == billed_metrics() * Decimal("0.30")


def test_what_is_alike_is_one_row_and_the_amounts_stay() -> None:
    items = _items("large")
    rows = together(items.values())
    assert sum(row.monthly_amount for row in rows) == sum(
        item.monthly_amount for item in items.values()
    )
    names = [row.name for row in rows]
    assert {"Alarm (21)", "Dashboard (3)", "Shop metrics"} <= set(names)
    assert len(names) == len(set(names))
    assert rows == sorted(rows, key=lambda row: -row.monthly_amount)


def test_what_a_size_lacks_is_not_watched() -> None:
    alarms = {
        preset: sum(item.resource == "AWS::CloudWatch::Alarm" for item in _items(preset).values())
        for preset in _SIZES
    }
    assert alarms["small"] == alarms["medium"] == alarms["large"] - 1


def test_an_alarm_is_billed_by_the_metrics_that_it_reads() -> None:
    stat = {"MetricStat": {"Period": 60}}
    computed = {"Metrics": [stat, stat, {"Expression": "m1/m2"}]}
    (item,) = _floor({"Type": "AWS::CloudWatch::Alarm", "Properties": computed})
    assert item.monthly_amount == Decimal("0.20")
    with pytest.raises(PriceMissing, match=r"alarm\.high_resolution\.month"):
        _floor({"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 10}})


def test_a_metric_made_from_logs_is_billed_like_one_of_ours() -> None:
    made = {"MetricTransformations": [{"MetricName": "A"}, {"MetricName": "B"}]}
    (item,) = _floor({"Type": "AWS::Logs::MetricFilter", "Properties": made})
    assert item.monthly_amount == Decimal("0.60")


def test_a_serverless_database_is_billed_at_its_least_capacity() -> None:
    items = _items("large")
    acus = _SIZES["large"]["MinimumAcu"]
    for name in ("DatabaseWriter", "DatabaseReader"):
        assert items[f"{name} least capacity"].quantity == 730 * acus
    assert items["DatabaseProxy least capacity"].quantity == 8 * 730
    assert items["DatabaseCluster owner's secret"].monthly_amount == Decimal("0.40")
    assert "Database instances" not in items


def test_each_preset_costs_more_than_the_smaller_one() -> None:
    floors = preset_floors(shipped_prices())
    assert [each.preset for each in floors] == ["small", "medium", "large"]
    amounts = [each.monthly_amount for each in floors]
    assert amounts == sorted(set(amounts))
    items = floor(_TEMPLATES, shipped_prices())
    assert amounts[0] == sum(item.monthly_amount for item in items)


def test_what_a_size_leaves_out_is_said() -> None:
    assert undeclared(_items("small").values()) == ["search"]
    assert undeclared(_items("medium").values()) == []
    assert undeclared(_items("large").values()) == []


def test_an_endpoint_that_is_billed_is_refused() -> None:
    properties = {"VpcEndpointType": "Interface"}
    with pytest.raises(FloorError, match="only gateway endpoints"):
        _floor({"Type": "AWS::EC2::VPCEndpoint", "Properties": properties})


def _floor(resource: dict[str, Any], prices: PriceList | None = None) -> list[Any]:
    document = {
        "Parameters": {"Size": {"Type": "String"}, "Stage": {"Default": "test"}},
        "Conditions": {
            "Production": {"Fn::Equals": [{"Ref": "Stage"}, "production"]},
            "Other": {"Fn::Not": [{"Condition": "Production"}]},
            "Both": {"Fn::And": [{"Condition": "Production"}, {"Condition": "Other"}]},
            "Either": {"Fn::Or": [{"Condition": "Production"}, {"Condition": "Other"}]},
            "Unknown": {"Fn::Length": []},
        },
        "Resources": {"Thing": resource},
    }
    return floor({"data.yaml": document}, prices or shipped_prices())


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ({"Type": "AWS::Kinesis::Stream"}, "data.yaml: Thing is of type AWS::Kinesis::Stream"),
        (
            {"Type": "AWS::SecretsManager::Secret", "Condition": "Unknown"},
            "an expression that the floor cannot evaluate",
        ),
        (
            {
                "Type": "AWS::OpenSearchService::Domain",
                "Properties": {"ClusterConfig": {"InstanceCount": {"Ref": "Size"}}},
            },
            "Thing: ClusterConfig.InstanceCount has no value",
        ),
    ],
)
def test_what_cannot_be_priced_is_an_error_that_names_it(
    resource: dict[str, Any], named: str
) -> None:
    with pytest.raises(FloorError, match=named):
        _floor(resource)


@pytest.mark.parametrize(
    ("condition", "exists"), [("Production", 0), ("Other", 1), ("Both", 0), ("Either", 1)]
)
def test_a_conditional_resource_costs_where_the_defaults_make_it_exist(
    condition: str, exists: int
) -> None:
    assert len(_floor({"Type": "AWS::SecretsManager::Secret", "Condition": condition})) == exists


def test_a_price_of_the_floor_that_is_missing_is_named() -> None:
    broker = {
        "Type": "AWS::AmazonMQ::Broker",
        "Properties": {
            "EngineType": "RABBITMQ",
            "HostInstanceType": "mq.m7g.large",
            "DeploymentMode": "CLUSTER_MULTI_AZ",
        },
    }
    with pytest.raises(PriceMissing, match=r"mq\.rabbitmq\.mq\.m7g\.large\.hour"):
        _floor(broker)


def test_a_cluster_of_brokers_has_three_nodes_and_a_gateway_its_hours() -> None:
    broker = {
        "Type": "AWS::AmazonMQ::Broker",
        "Properties": {
            "EngineType": "RABBITMQ",
            "HostInstanceType": "mq.m5.large",
            "DeploymentMode": "CLUSTER_MULTI_AZ",
        },
    }
    (item,) = _floor(broker)
    assert item.monthly_amount == 3 * 730 * Decimal("0.288")
    (item,) = _floor({"Type": "AWS::EC2::NatGateway"})
    assert item.monthly_amount == Decimal("32.850")
