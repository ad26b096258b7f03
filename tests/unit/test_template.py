"""infra/template.yaml after the SAM transform: what makes a first deployment to an account work."""

import re
from typing import Any

import pytest

from shop.contracts.events import CONSUMERS, queue_name
from shop.domain.sessions import Role
from shop_local import template
from shop_local.functions import declared
from shop_local.paths import CHECKOUT, TEMPLATE
from tests.support.access import ROUTES
from tests.support.transformed import of_type, transformed
from tests.unit.test_imports import LOADS

_SCHEDULED = {each.logical_id for each in declared() if each.schedule}
_CONSUMERS = {each.logical_id for each in declared() if each.queues}
#: Actions that know no finer resource than all of them.
_NO_FINER = re.compile(
    r"ec2:(?:Create|Delete|Describe)\w+"
    r"|logs:\w*(?:LogDelivery|LogDeliveries|ResourcePolic\w+|LogGroups)"
)


def test_the_stack_fits_into_cloudformations_limits() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""
    document = transformed()
    assert len(document["Resources"]) <= 500
    assert len(document["Parameters"]) <= 200


def test_nothing_has_a_name_that_a_second_stack_of_the_account_would_have_too() -> None:
    for logical_id, resource in transformed()["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Alias":
            continue  # its name is within its function
        for name, value in resource.get("Properties", {}).items():
            if name in {"Name", "FunctionName", "RoleName", "QueueName", "LogGroupName"}:
                refers = isinstance(value, dict) and (
                    "Ref" in value or "AWS::StackName" in str(value)
                )
                assert refers, (logical_id, name)


def test_a_firing_that_is_not_delivered_is_retried_and_then_kept() -> None:
    schedules = of_type("AWS::Scheduler::Schedule")
    assert len(schedules) == len(_SCHEDULED)
    for logical_id, schedule in schedules.items():
        target = schedule["Target"]
        assert target["DeadLetterConfig"] == {
            "Arn": {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}
        }, logical_id
        assert 1 <= target["RetryPolicy"]["MaximumRetryAttempts"] <= 5
        assert 60 <= target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600


def test_the_next_firing_is_the_retry_of_a_scheduled_function() -> None:
    configs = of_type("AWS::Lambda::EventInvokeConfig")
    assert {each["FunctionName"]["Ref"] for each in configs.values()} == _SCHEDULED
    assert {each["MaximumRetryAttempts"] for each in configs.values()} == {0}


def test_the_api_is_regional_and_has_one_stage_which_is_throttled_and_logged() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    (deployment,) = of_type("AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment
    assert stage["StageName"] == "prod"
    (method,) = stage["MethodSettings"]
    assert method["ThrottlingRateLimit"] > 0
    assert method["ThrottlingBurstLimit"] > 0
    (api,) = of_type("AWS::ApiGateway::RestApi").values()
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    for variable in ("requestId", "integration.requestId", "responseLatency", "responseLength"):
        assert f'"$context.{variable}"' in stage["AccessLogSetting"]["Format"]


def test_consumers_start_once_their_queues_are_declared() -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == len(_CONSUMERS)
    queues = set()
    for logical_id, mapping in mappings.items():
        assert mapping["Enabled"] == {"Fn::If": ["ConsumersRun", True, False]}, logical_id
        queues.update(mapping["Queues"])
    assert queues <= {queue_name(service, event) for service, event in CONSUMERS}


def test_concurrency_is_reserved_by_parameter() -> None:
    functions = of_type("AWS::Lambda::Function")
    reserved = {
        logical_id: properties["ReservedConcurrentExecutions"]
        for logical_id, properties in functions.items()
        if "ReservedConcurrentExecutions" in properties
    }
    sessions = {"IdentityCreateCustomerFunction", "IdentityCreateSessionFunction"}
    assert set(reserved) >= _SCHEDULED | _CONSUMERS | sessions
    for value in reserved.values():
        condition, amount, nothing = value["Fn::If"]
        assert condition == "ReservesConcurrency"
        assert amount
        assert nothing == {"Ref": "AWS::NoValue"}


def test_functions_of_a_private_data_plane_need_subnets() -> None:
    document = transformed()
    rule = document["Rules"]["FunctionsReachTheDataPlane"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "PrivateDataPlane"}, "true"]}
    assert {str(each["Assert"]) for each in rule["Assertions"]} == {
        str({"Fn::Not": [{"Fn::EachMemberEquals": [{"Ref": name}, ""]}]})
        for name in ("SubnetIds", "SecurityGroupIds")
    }
    assert document["Parameters"]["PrivateDataPlane"]["Default"] == "true"


def test_the_wheels_of_the_layers_are_those_of_the_functions_architecture() -> None:
    shared = template.read(TEMPLATE)["Globals"]["Function"]
    (architecture,) = shared["Architectures"]
    for logical_id, layer in of_type("AWS::Lambda::LayerVersion").items():
        assert layer["CompatibleArchitectures"] == [architecture], logical_id
    (platforms,) = re.findall(
        r"^MANYLINUX := (.*)$", (CHECKOUT / "layers/dependencies/Makefile").read_text(), re.M
    )
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    assert all(each.endswith(f"_{machine}") for each in platforms.split())


def test_the_log_of_checkout_holds_no_data_and_every_log_ends() -> None:
    (machine,) = of_type("AWS::StepFunctions::StateMachine").values()
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    for logical_id, group in of_type("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, logical_id


def _statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if "PolicyDocument" in properties:
        documents.append(properties["PolicyDocument"])
    found = [statement for document in documents for statement in document["Statement"]]
    # A statement may depend on a condition: what it says if the condition holds counts.
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def test_a_policy_names_what_it_allows() -> None:
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        for logical_id, properties in of_type(kind).items():
            for statement in _statements(properties):
                actions = statement["Action"]
                names = [actions] if isinstance(actions, str) else actions
                assert not any(name.endswith("*") for name in names), logical_id
                if statement["Resource"] == "*":
                    assert all(_NO_FINER.fullmatch(name) for name in names), (logical_id, names)


#: What a function connects to, by what it loads; and which secret it needs for that.
_SECRETS = {
    "postgres": ("ReadsDatabaseSecret", "DatabaseSecretArn"),
    "redis": ("ReadsRedisSecret", "RedisSecretArn"),
    "rabbitmq": ("ReadsBrokerSecret", "BrokerSecretArn"),
    "opensearch": ("ReadsOpensearchSecret", "OpensearchSecretArn"),
    "stripe": ("ReadsStripeSecret", "StripeSecretArn"),
    "one_time_codes": ("ReadsSecondFactorSecret", "SecondFactorSecretArn"),
}
#: The health check asks OpenSearch without its driver.
_WITHOUT_DRIVER = {"opensearch": {"platform/get_health"}}


def _readers(policy: dict[str, Any]) -> set[str]:
    roles = [role["Ref"] for role in policy["Roles"]]
    assert len(roles) == len(set(roles))
    return {role.removesuffix("Role") for role in roles}


@pytest.mark.parametrize("use", _SECRETS)
def test_a_function_may_read_the_secrets_of_what_it_connects_to_and_no_others(use: str) -> None:
    name, parameter = _SECRETS[use]
    policy = of_type("AWS::IAM::ManagedPolicy")[name]
    expected = {
        function.logical_id
        for function in declared()
        if use in LOADS[function.title].split()
        or function.title in _WITHOUT_DRIVER.get(use, ())
        # Lambda reads the broker's secret with the role of the consumer.
        or (use == "rabbitmq" and function.queues)
    }
    assert _readers(policy) == expected
    (read, decrypt) = _statements(policy)
    assert read["Action"] == "secretsmanager:GetSecretValue"
    assert read["Resource"] == {"Ref": parameter}
    assert (decrypt["Action"], decrypt["Resource"]) == ("kms:Decrypt", {"Ref": "KeyArn"})


def test_only_functions_that_services_may_call_may_read_the_digests_of_their_tokens() -> None:
    policy = of_type("AWS::IAM::ManagedPolicy")["ReadsServiceSecret"]
    expected = {
        function.logical_id
        for function in declared()
        if function.route and Role.SERVICE in (ROUTES[" ".join(function.route)] or ())
    }
    assert _readers(policy) == expected
    assert _statements(policy)[0]["Resource"] == {"Ref": "ServiceSecretArn"}


def test_only_the_deployment_holds_the_owners_credentials() -> None:
    policy = of_type("AWS::IAM::ManagedPolicy")["ReadsOwnerSecret"]
    assert _readers(policy) == {"PlatformMigrateFunction"}
    holders = {
        logical_id
        for logical_id, function in of_type("AWS::Lambda::Function").items()
        if "OwnerSecretArn" in str(function) or "OwnerDatabaseUrl" in str(function)
    }
    assert holders == {"PlatformMigrateFunction"}
