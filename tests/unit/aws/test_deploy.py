"""`make deploy`: the order of its steps, what is passed on, and going on after a failure."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError
from moto import mock_aws

from shop_aws import steps
from shop_aws.stacks import DeployError
from shop_aws.steps import STEPS, Deployment, Target, plan

_TARGET = Target("prod", "medium", "us-east-1", {"AlarmEmail": "ops@shop.example"})


class _CloudFormation:
    """Stacks in memory; what a deployment asks of them is recorded."""

    def __init__(self) -> None:
        self.meta = type("Meta", (), {"region_name": "us-east-1"})
        self.stacks: dict[str, dict[str, Any]] = {}
        self.deployed: list[tuple[str, str, dict[str, str]]] = []
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

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "migrate-1"
        self.events.append(json.loads(Payload))
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

    def deploy(self) -> list[str]:
        deployment = Deployment(_TARGET, self.client, self.commands.append)
        return [step.run(deployment) for step in STEPS]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    # What `sam package` would have written.
    monkeypatch.setattr(steps, "_PACKAGED", steps.CHECKOUT / "infra/template.yaml")
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


def test_an_empty_account_gets_everything_and_consumers_last(account: _Account) -> None:
    account.deploy()
    names = [(name, kind) for name, kind, _ in account.cloudformation.deployed]
    assert names == [
        ("shop-prod-data", "CREATE"),
        ("shopprod", "CREATE"),
        ("shopprod", "UPDATE"),
        ("shop-prod-observability", "CREATE"),
    ]
    data, first, second, watching = (given for _, _, given in account.cloudformation.deployed)
    assert data == {"Stage": "prod", "Preset": "medium", "AlarmEmail": "ops@shop.example"}
    assert first["ConsumersEnabled"] == "false"
    assert second == first | {"ConsumersEnabled": "true"}
    assert (first["DatabaseUrl"], first["SubnetIds"]) == ("postgresql://…", "subnet-1,subnet-2")
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


def test_consumers_stay_off_until_a_migration_has_succeeded(account: _Account) -> None:
    account.functions.error = "RabbitMQ is unavailable"
    with pytest.raises(DeployError, match="RabbitMQ is unavailable"):
        account.deploy()
    *_, (name, _, given) = account.cloudformation.deployed
    assert (name, given["ConsumersEnabled"]) == ("shopprod", "false")
    account.functions.error = ""
    account.deploy()
    assert account.cloudformation.deployed[-2][2]["ConsumersEnabled"] == "true"


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
        "ConsumersEnabled=true",
        "shopprod",
    ):
        assert words in text
    assert lines[-1] == "with AlarmEmail=ops@shop.example"
