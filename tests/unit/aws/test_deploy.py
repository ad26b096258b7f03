"""`make deploy`: the order of its steps, what is passed on, and going on after a failure."""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError
from moto import mock_aws

from shop.entrypoints.commands.templates import read_template
from shop_aws import deployment
from shop_aws.deployment import Deployment
from shop_aws.excerpt import excerpt
from shop_aws.stacks import DeployError
from shop_aws.steps import STEPS, plan, steps_of
from shop_aws.target import CHECKOUT, Target
from shop_local.paths import TEMPLATE
from tests.support.transformed import transform

_TARGET = Target("prod", "medium", "us-east-1", {"AlarmEmail": "ops@shop.example"})


class _CloudFormation:
    """Stacks in memory; what a deployment asks of them is recorded."""

    def __init__(self) -> None:
        self.meta = type("Meta", (), {"region_name": "us-east-1"})
        self.stacks: dict[str, dict[str, Any]] = {}
        self.deployed: list[tuple[str, str, dict[str, str]]] = []
        self.steps: list[str] = []
        self.failing = ""
        self._prepared: dict[str, Any] = {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        if StackName not in self.stacks:
            message = {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}
            raise ClientError({"Error": message}, "DescribeStacks")
        return {"Stacks": [self.stacks[StackName]]}

    def create_change_set(self, **request: Any) -> dict[str, str]:
        self._prepared = request
        return {"Id": "arn:change-set"}

    def delete_change_set(self, **_request: Any) -> None:
        self._prepared = {}

    def execute_change_set(self, **_request: Any) -> None:
        name, kind = self._prepared["StackName"], self._prepared["ChangeSetType"]
        parameters = self._prepared["Parameters"]
        given = {each["ParameterKey"]: each["ParameterValue"] for each in parameters}
        self.deployed.append((name, kind, given))
        self.steps.append(name)
        status = "ROLLBACK_COMPLETE" if name == self.failing else f"{kind}_COMPLETE"
        outputs = {
            "MigrateFunctionName": "migrate-1",
            "ApiId": "a1",
            "ApiUrl": "https://api",
            "CheckoutArn": "arn",
        }
        self.stacks[name] = {
            "StackStatus": status,
            "Parameters": parameters,
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        }

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        del self.stacks[StackName]

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        event = {
            "LogicalResourceId": "Broker", "ResourceType": "AWS::AmazonMQ::Broker",
            "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no capacity",
        }  # fmt: skip
        return {"StackEvents": [event]}

    def get_waiter(self, name: str) -> "_Waiter":
        return _Waiter(self, name)


class _Waiter:
    def __init__(self, service: _CloudFormation, name: str) -> None:
        self._service, self._name = service, name

    def wait(self, **request: Any) -> None:
        name = request["StackName"]
        if self._name == "change_set_create_complete":
            known = self._service.stacks.get(name)
            prepared = self._service._prepared
            if known and known["Parameters"] == prepared["Parameters"]:
                reason = "The submitted information didn't contain changes."
                raise WaiterError(self._name, reason, {"StatusReason": reason})
        elif self._name != "stack_delete_complete" and name == self._service.failing:
            raise WaiterError(self._name, "failed", {})


class _Lambda:
    def __init__(self) -> None:
        self.events: list[Any] = []
        self.error = ""
        self.on_invoke: Callable[[], None] = lambda: None

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "migrate-1"
        self.events.append(json.loads(Payload))
        self.on_invoke()
        if self.error:
            answer: Any = {"errorMessage": self.error}
            return {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(json.dumps(answer).encode()),
            }
        answer = {"applied": ["0001"], "prices": [], "queues": ["a", "b"], "kept_queues": []}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


class _Firewall:
    def __init__(self) -> None:
        self.before: dict[str, str] = {}

    def associate_web_acl(self, WebACLArn: str, ResourceArn: str) -> None:  # noqa: N803
        self.before[ResourceArn] = WebACLArn


class _Account:
    """An AWS account in memory."""

    def __init__(self) -> None:
        self.cloudformation, self.functions, self.firewall = (
            _CloudFormation(),
            _Lambda(),
            _Firewall(),
        )
        self.commands: list[Sequence[str]] = []

    def client(self, service: str) -> Any:
        if service == "cloudformation":
            return self.cloudformation
        if service == "wafv2":
            return self.firewall
        return self.functions if service == "lambda" else boto3.client(service, "us-east-1")

    def deploy(self, target: Target = _TARGET) -> list[str]:
        deployment = Deployment(target, self.client, self.commands.append)
        return [step.run(deployment) for step in steps_of(target)]

    def change_a_parameter(self) -> None:
        """Let the next deployment update the application; forget what was deployed before."""
        self.cloudformation.steps.clear()
        boto3.client("ssm", "us-east-1").put_parameter(
            Name="/shop/prod/DatabaseUrl", Value="postgresql://another", Overwrite=True
        )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    # What `sam package` would have written.
    monkeypatch.setattr(deployment, "_PACKAGED", CHECKOUT / "infra/template.yaml")
    with mock_aws():
        ssm = boto3.client("ssm", "us-east-1")
        values = {
            "DatabaseUrl": "postgresql://…",
            "SubnetIds": "subnet-1,subnet-2",
            "WebAclArn": "arn:firewall",
        }
        for name, value in values.items():
            ssm.put_parameter(Name=f"/shop/prod/{name}", Value=value, Type="String")
        ssm.put_parameter(Name="/shop/test/DatabaseUrl", Value="another", Type="String")
        yield _Account()


def test_an_empty_account_gets_everything_and_queues_before_their_consumers(
    account: _Account,
) -> None:
    account.deploy()
    names = [(name, kind) for name, kind, _ in account.cloudformation.deployed]
    assert names == [
        ("shop-prod-data", "CREATE"),
        ("shop-prod-schema", "CREATE"),
        ("shopprod", "CREATE"),
        ("shop-prod-observability", "CREATE"),
    ]
    data, schema, application, watching = (given for _, _, given in account.cloudformation.deployed)
    assert data == {"Stage": "prod", "Preset": "medium", "AlarmEmail": "ops@shop.example"}
    assert application == schema | {"ConsumersEnabled": "true"}
    assert (schema["DatabaseUrl"], schema["SubnetIds"]) == ("postgresql://…", "subnet-1,subnet-2")
    assert watching["ApplicationStack"] == "shopprod"
    assert watching["BrokerName"] == "shop-prod"
    stage = "arn:aws:apigateway:us-east-1::/restapis/a1/stages/prod"
    assert account.firewall.before == {stage: "arn:firewall"}
    (event,) = account.functions.events
    assert event["parameters"]["data.yaml"] == {"Preset": "medium"}
    assert event["parameters"]["template.yaml"]["SubnetIds"] == "subnet-1,subnet-2"
    assert set(event["templates"]) == {"data.yaml", "template.yaml", "observability.yaml"}
    assert [command[0] for command in account.commands] == ["make", ".local/venvs/sam/bin/sam"]
    (role,) = boto3.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    assert role["Path"] == "/aws-service-role/opensearchservice.amazonaws.com/"


def test_a_repetition_changes_nothing_and_leaves_the_consumers_on(account: _Account) -> None:
    account.deploy()
    before = len(account.cloudformation.deployed)
    said = account.deploy()
    assert len(account.cloudformation.deployed) == before
    assert said.count("unchanged") == 6


def test_a_failed_first_attempt_is_named_and_replaced_by_the_next(account: _Account) -> None:
    account.cloudformation.failing = "shop-prod-data"
    with pytest.raises(DeployError, match=r"Broker \(AWS::AmazonMQ::Broker\): no capacity"):
        account.deploy()
    assert "shopprod" not in account.cloudformation.stacks
    account.cloudformation.failing = ""
    account.deploy()
    assert [name for name, *_ in account.cloudformation.deployed[:2]] == ["shop-prod-data"] * 2
    assert account.cloudformation.stacks["shop-prod-data"]["StackStatus"] == "CREATE_COMPLETE"


def test_an_update_migrates_with_its_own_migrations_before_it_changes_a_function(
    account: _Account,
) -> None:
    account.deploy()
    account.functions.on_invoke = lambda: account.cloudformation.steps.append("migrate")
    account.change_a_parameter()
    account.deploy()
    assert account.cloudformation.steps == ["shop-prod-schema", "migrate", "shopprod"]


def test_an_older_release_is_deployed_without_its_migrations(account: _Account) -> None:
    account.deploy()
    account.functions.error = "0009_new.sql was applied but is not in migrations"
    account.change_a_parameter()
    account.deploy(replace(_TARGET, older=True))
    assert account.cloudformation.steps == ["shopprod"]
    assert not any("migrate" in line for line in plan(replace(_TARGET, older=True)))


def test_the_functions_of_the_last_release_stay_until_a_migration_has_succeeded(
    account: _Account,
) -> None:
    account.functions.error = "RabbitMQ is unavailable"
    with pytest.raises(DeployError, match="RabbitMQ is unavailable"):
        account.deploy()
    assert account.cloudformation.steps == ["shop-prod-data", "shop-prod-schema"]
    account.functions.error = ""
    account.deploy()
    assert account.cloudformation.steps[2:] == ["shopprod", "shop-prod-observability"]


def test_the_stack_of_the_migration_has_one_function_with_its_rights_and_layers() -> None:
    whole = read_template(TEMPLATE)
    before = json.dumps(whole)
    alone = excerpt(whole, "PlatformMigrateFunction")
    assert json.dumps(whole) == before
    assert set(alone["Outputs"]) == {"MigrateFunctionName"}
    resources = transform(alone)["Resources"]
    assert Counter(each["Type"].removeprefix("AWS::") for each in resources.values()) == {
        "Lambda::Function": 1,
        "IAM::Role": 1,
        "IAM::ManagedPolicy": 3,
        "Lambda::LayerVersion": 3,
        "Logs::LogGroup": 1,
    }
    for each in resources.values():
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            assert each["Properties"]["Roles"] == [{"Ref": "PlatformMigrateFunctionRole"}]


def test_another_deployment_in_progress_is_not_disturbed(account: _Account) -> None:
    account.deploy()
    account.cloudformation.stacks["shop-prod-data"]["StackStatus"] = "UPDATE_IN_PROGRESS"
    with pytest.raises(DeployError, match="UPDATE_IN_PROGRESS: wait"):
        account.deploy()


def test_a_dry_run_names_every_step_and_calls_nothing() -> None:
    lines = plan(_TARGET)
    assert len(lines) == len(STEPS) + 1
    text = "\n".join(lines)
    for words in (
        "shop-prod-data with Stage=prod Preset=medium",
        "as shop-prod-schema",
        "ConsumersEnabled=true",
        "shopprod",
    ):
        assert words in text
    order = [line.partition(". ")[2].partition(":")[0] for line in lines[:-1]]
    assert order.index("schema") < order.index("migrate") < order.index("application")
    assert lines[-1] == "with AlarmEmail=ops@shop.example"
