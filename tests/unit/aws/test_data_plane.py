"""infra/data.yaml: nothing is public, unencrypted, lost by accident, or unknown to the application."""

from typing import Any

import pytest

from shop_local import template
from shop_local.paths import INFRASTRUCTURE, TEMPLATE

_DATA = template.read(INFRASTRUCTURE / "data.yaml")
_RESOURCES: dict[str, dict[str, Any]] = _DATA["Resources"]

#: What `make deploy` itself uses.
_OF_THE_DEPLOYMENT = {"WebAclArn"}


def _of(kind: str) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in _RESOURCES.items()
        if resource["Type"] == kind
    }


def test_servers_accept_encrypted_connections_only() -> None:
    for kind in ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"):
        for group in _of(kind).values():
            assert group["Parameters"]["rds.force_ssl"] == "1"
    assert _of("AWS::RDS::DBProxy")["DatabaseProxy"]["RequireTLS"] is True
    cache = _of("AWS::ElastiCache::ReplicationGroup")["Cache"]
    assert cache["TransitEncryptionEnabled"] is True
    assert cache["AtRestEncryptionEnabled"] is True
    assert _of("AWS::OpenSearchService::Domain")["SearchDomain"]["DomainEndpointOptions"][
        "EnforceHTTPS"
    ]


def test_nothing_that_holds_data_is_public() -> None:
    for logical_id, instance in _of("AWS::RDS::DBInstance").items():
        assert instance["PubliclyAccessible"] is False, logical_id
    assert _of("AWS::AmazonMQ::Broker")["Broker"]["PubliclyAccessible"] is False
    for logical_id, group in _of("AWS::EC2::SecurityGroup").items():
        for rule in group.get("SecurityGroupIngress", ()):
            assert "SourceSecurityGroupId" in rule, logical_id


def test_the_poller_of_the_consumers_reaches_the_broker() -> None:
    rule = _of("AWS::EC2::SecurityGroupIngress")["BrokerFromPoller"]
    assert (rule["FromPort"], rule["ToPort"]) == (5671, 5671)
    assert rule["GroupId"] == rule["SourceSecurityGroupId"] == {"Ref": "BrokerGroup"}
    egress = _of("AWS::EC2::SecurityGroup")["BrokerGroup"]["SecurityGroupEgress"]
    assert {each["FromPort"] for each in egress} == {443, 5671}


def test_the_database_is_kept_when_its_stack_goes() -> None:
    for logical_id, kind in (("Database", "DBInstance"), ("DatabaseCluster", "DBCluster")):
        resource = _RESOURCES[logical_id]
        assert resource["Type"] == f"AWS::RDS::{kind}"
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Snapshot"
        assert resource["Properties"]["DeletionProtection"] is True
        assert resource["Properties"]["ManageMasterUserPassword"] is True
        assert resource["Properties"]["EngineVersion"].startswith("17.")
    assert min(size["BackupDays"] for size in _DATA["Mappings"]["Presets"].values()) >= 7


def test_the_cache_evicts_no_cart() -> None:
    group = _of("AWS::ElastiCache::ParameterGroup")["CacheParameters"]
    assert group["Properties"] == {"maxmemory-policy": "noeviction"}


@pytest.mark.parametrize("logical_id", _of("AWS::SSM::Parameter"))
def test_the_application_has_a_parameter_for_what_the_data_plane_gives(logical_id: str) -> None:
    parameter = _of("AWS::SSM::Parameter")[logical_id]
    name = parameter["Name"]["Fn::Sub"].removeprefix("/shop/${Stage}/")
    assert logical_id == f"{name}Parameter"
    assert name in {*template.read(TEMPLATE)["Parameters"], *_OF_THE_DEPLOYMENT}


def test_addresses_have_placeholders_and_contain_no_secrets() -> None:
    for logical_id, parameter in _of("AWS::SSM::Parameter").items():
        text = str(parameter["Value"])
        assert "resolve:secretsmanager" not in text
        if "://" in text:
            assert "{username}:{password}@" in text, logical_id
            assert any(
                secure in text for secure in ("sslmode=verify-full", "rediss", "amqps", "https")
            )


def test_no_secret_is_written_into_a_template() -> None:
    for logical_id, secret in _of("AWS::SecretsManager::Secret").items():
        made = "GenerateSecretString" in secret
        assert made or secret["SecretString"] == '{"key": "", "webhook_secret": ""}', logical_id
        assert secret["KmsKeyId"] == {"Ref": "Key"}


def test_presets_differ_in_values_only() -> None:
    sizes = _DATA["Mappings"]["Presets"]
    assert list(sizes) == _DATA["Parameters"]["Preset"]["AllowedValues"]
    (names,) = {tuple(size) for size in sizes.values()}
    used = str(_RESOURCES) + str(_DATA["Conditions"])
    assert [name for name in names if f"'{name}'" not in used] == []
