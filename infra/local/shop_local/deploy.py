"""Deploys the application to LocalStack through CloudFormation, like ``aws cloudformation deploy``."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from shop_local import template as templates
from shop_local.paths import TEMPLATE, State, write_private
from shop_local.services.localstack import ACCOUNT, REGION

STACK = "shop"
_BUCKET = "shop-deployments"


class DeployError(Exception):
    """CloudFormation refused or failed; the message lists the resources and reasons."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The result of a deployment."""

    outputs: Mapping[str, str]
    api_url: str
    changed: bool
    functions: int


def aws(service: str, endpoint: str) -> Any:
    """Make a client of an AWS service on LocalStack."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 2}, read_timeout=60),
    )


def broker_settings(rabbitmq_url: str) -> dict[str, str]:
    """Return the template parameters of the consumers' broker, from its address."""
    url = urlsplit(rabbitmq_url)
    return {
        "SHOP_BROKER_ARN": f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:shop:b-local",
        "SHOP_BROKER_USERNAME": unquote(url.username or "guest"),
        "SHOP_BROKER_PASSWORD": unquote(url.password or "guest"),
        "SHOP_BROKER_VIRTUAL_HOST": unquote(url.path[1:]) or "/",
    }


def deploy(
    state: State,
    endpoint: str,
    settings: Mapping[str, str],
    template: Path = TEMPLATE,
    *,
    stock: bool = False,
) -> Deployed:
    """Create or update the stack; do nothing if it is up to date.

    Parameters
    ----------
    endpoint : str
        LocalStack's address.
    settings : mapping
        ``SHOP_*`` settings, from which the template's parameters are taken; those of the
        caller's environment come first.
    stock : bool
        Whether that LocalStack is without the plugin of ``tools/localstack_plugin``.

    Raises
    ------
    DeployError
        If the deployment fails.
    TemplateError
        If the template names what does not exist.
    """
    s3 = aws("s3", endpoint)
    s3.create_bucket(Bucket=_BUCKET)

    def upload(path: Path) -> dict[str, str]:
        content = path.read_bytes()
        key = f"{hashlib.sha256(content).hexdigest()[:16]}/{path.name}"
        s3.put_object(Bucket=_BUCKET, Key=key, Body=content)
        return {"Bucket": _BUCKET, "Key": key}

    document = templates.packaged(template, upload)
    document = templates.without_versions(document)
    if stock:
        document = templates.for_stock_localstack(document)
    api_path = _fix_address(document)
    overrides = {
        key: value for key, value in os.environ.items() if key.startswith("SHOP_") and value
    }
    base = {"SHOP_API_BASE": api_path}
    values = templates.parameters(document, {**base, **settings, **overrides})
    body = json.dumps(document)
    digest = hashlib.sha256(f"{body}{sorted(values.items())}".encode()).hexdigest()
    cloudformation = aws("cloudformation", endpoint)
    known = _describe(cloudformation)
    note = state.folder / "deployed.json"
    same = bool(
        known and note.exists() and json.loads(note.read_text()) == {known["StackId"]: digest}
    )
    if not same:
        note.unlink(missing_ok=True)
        s3.put_object(Bucket=_BUCKET, Key="template.json", Body=body.encode())
        _change(cloudformation, endpoint, values, create=not known)
        known = _describe(cloudformation)
    if not known:
        raise DeployError(_failures(cloudformation))
    write_private(note, json.dumps({known["StackId"]: digest}))
    outputs = {item["OutputKey"]: item["OutputValue"] for item in known.get("Outputs", [])}
    return Deployed(
        outputs,
        endpoint + api_path,
        not same,
        len(templates.functions(templates.read(template))),
    )


def _fix_address(document: Mapping[str, Any]) -> str:
    """Assign the API a fixed id before it is created, and return the path of its stage."""
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Api":
            properties = resource["Properties"]
            # LocalStack's tag; SAM gives tags to the stage alone unless they are propagated.
            properties["Tags"] = {**properties.get("Tags", {}), "_custom_id_": STACK}
            properties["PropagateTags"] = True
            return f"/_aws/execute-api/{STACK}/{properties['StageName']}"
    raise DeployError("The template has no AWS::Serverless::Api")


def _describe(cloudformation: Any) -> dict[str, Any] | None:
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    return stack if stack["StackStatus"].endswith("COMPLETE") else None


def _change(cloudformation: Any, endpoint: str, values: Mapping[str, str], *, create: bool) -> None:
    change_set = cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName=f"{STACK}-{os.getpid()}",
        ChangeSetType="CREATE" if create else "UPDATE",
        TemplateURL=f"{endpoint}/{_BUCKET}/template.json",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )["Id"]
    quick = {"Delay": 1, "MaxAttempts": 300}
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, StackName=STACK, WaiterConfig=quick
        )
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        if "didn't contain changes" in reason or "No updates" in reason:
            return
        raise DeployError(f"CloudFormation refused the template: {reason}") from error
    cloudformation.execute_change_set(ChangeSetName=change_set, StackName=STACK)
    waiter = "stack_create_complete" if create else "stack_update_complete"
    try:
        cloudformation.get_waiter(waiter).wait(StackName=STACK, WaiterConfig=quick)
    except WaiterError as error:
        raise DeployError(_failures(cloudformation)) from error


def _failures(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
    ]
    return "\n".join(["The deployment failed:", *reasons])
