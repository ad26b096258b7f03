"""CloudFormation stacks: created, updated, and recovered after a failed first attempt."""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

#: An hour: a database cluster and a broker take half of it.
_WAIT: Final = {"Delay": 15, "MaxAttempts": 240}
_CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
#: States of a stack whose creation failed: it can only be deleted.
_NOT_CREATED: Final = frozenset({"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "CREATE_FAILED"})


class DeployError(Exception):
    """A step failed; the message says which and why. Repeating the command continues from there."""


class Stacks:
    """The stacks of one account and region.

    Parameters
    ----------
    cloudformation, s3 : boto3 clients
    bucket : str
        Where templates are uploaded: longer ones than 51,200 bytes are taken from S3 only.
    """

    def __init__(self, cloudformation: Any, s3: Any, bucket: str) -> None:
        self._cloudformation = cloudformation
        self._s3 = s3
        self._bucket = bucket

    def outputs(self, name: str) -> dict[str, str]:
        """Give the outputs of a stack; none if there is no such stack."""
        found = self._describe(name) or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def deploy(self, name: str, document: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
        """Create or update a stack; return what was done: created, updated or unchanged.

        Parameters
        ----------
        document : mapping
            Its template.
        parameters : mapping
            Those that the template does not have are left out.

        Raises
        ------
        DeployError
            If CloudFormation refuses or fails, or another deployment is in progress.
        """
        existing = self._describe(name)
        if existing and existing["StackStatus"] in _NOT_CREATED:
            self._delete(name)
            existing = None
        if existing and existing["StackStatus"].endswith("_IN_PROGRESS"):
            raise DeployError(f"{name} is {existing['StackStatus']}: wait for it, then repeat")
        key = f"{name}/template.json"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(document).encode())
        region = self._cloudformation.meta.region_name
        change_set = self._cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"deploy-{int(time.time())}",
            ChangeSetType="UPDATE" if existing else "CREATE",
            TemplateURL=f"https://{self._bucket}.s3.{region}.amazonaws.com/{key}",
            Capabilities=_CAPABILITIES,
            Parameters=[
                {"ParameterKey": parameter, "ParameterValue": value}
                for parameter, value in sorted(parameters.items())
                if parameter in document.get("Parameters", {})
            ],
        )["Id"]
        if not self._prepared(name, change_set):
            return "unchanged"
        self._cloudformation.execute_change_set(ChangeSetName=change_set, StackName=name)
        waiter = "stack_update_complete" if existing else "stack_create_complete"
        try:
            self._cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig=_WAIT)
        except WaiterError as error:
            raise DeployError(self._failures(name)) from error
        return "updated" if existing else "created"

    def _prepared(self, name: str, change_set: str) -> bool:
        """Wait for a change set; return whether it changes anything."""
        waiter = self._cloudformation.get_waiter("change_set_create_complete")
        try:
            waiter.wait(ChangeSetName=change_set, StackName=name, WaiterConfig={"Delay": 5})
        except WaiterError as error:
            reason = str(error.last_response.get("StatusReason", error))
            if "didn't contain changes" in reason or "No updates" in reason:
                self._cloudformation.delete_change_set(ChangeSetName=change_set, StackName=name)
                return False
            raise DeployError(f"CloudFormation refuses {name}: {reason}") from error
        return True

    def _delete(self, name: str) -> None:
        self._cloudformation.delete_stack(StackName=name)
        try:
            self._cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=name, WaiterConfig=_WAIT
            )
        except WaiterError as error:
            raise DeployError(self._failures(name)) from error

    def _describe(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=name)["Stacks"][
                0
            ]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found

    def _failures(self, name: str) -> str:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            f"  {each['LogicalResourceId']} ({each['ResourceType']}): {each['ResourceStatusReason']}"
            for each in reversed(events)
            if "FAILED" in each["ResourceStatus"] and each.get("ResourceStatusReason")
        ]
        return "\n".join([f"{name} failed:", *reasons])
