"""What a deployment does; each step is safe to repeat, so that a failed deployment can continue."""

import json
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from shop.entrypoints.commands.templates import read_template
from shop_aws.excerpt import excerpt
from shop_aws.settings import tagged
from shop_aws.stacks import DeployError, Stacks
from shop_aws.target import CHECKOUT, INFRASTRUCTURE, Target

_PACKAGED: Final = CHECKOUT / ".local/packaged.yaml"
#: Logical id of the function that changes the schema.
_MIGRATE: Final = "PlatformMigrateFunction"


def run(command: Sequence[str]) -> None:
    """Run a program.

    Raises
    ------
    DeployError
        If it fails.
    """
    if subprocess.run(command, cwd=CHECKOUT, check=False).returncode:
        raise DeployError(f"{' '.join(command)} failed")


class Deployment:
    """Carries the steps out.

    Parameters
    ----------
    client : callable
        Makes the boto3 client of a service.
    call : callable, optional
        Runs a program.
    """

    def __init__(
        self,
        target: Target,
        client: Callable[[str], Any],
        call: Callable[[Sequence[str]], None] = run,
    ) -> None:
        self.target = target
        self._client = client
        self._call = call
        account = client("sts").get_caller_identity()["Account"]
        self._bucket = f"shop-deployments-{account}-{target.region}"
        self._stacks = Stacks(client("cloudformation"), client("s3"), self._bucket)

    def bucket(self) -> str:
        """Make the bucket of templates and code."""
        s3, region = self._client("s3"), self.target.region
        try:
            s3.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
                raise
        else:
            return "unchanged"
        # S3's first region is not named: it refuses a constraint of its own name.
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=self._bucket, **({} if region == "us-east-1" else where))
        return "created"

    def search_role(self) -> str:
        """Make the role by which OpenSearch joins the VPC, once for the account."""
        if not self.target.searches:
            return "not needed"
        try:
            self._client("iam").create_service_linked_role(
                AWSServiceName="opensearchservice.amazonaws.com"
            )
        except ClientError as error:
            # IAM calls a role that is there InvalidInput: "… has been taken in this account".
            exists = error.response["Error"]["Code"] == "EntityAlreadyExists"
            if not exists and "has been taken" not in str(error):
                raise
            return "unchanged"
        return "created"

    def data_plane(self) -> str:
        """Deploy infra/data.yaml."""
        own = {"Stage": self.target.stage, "Preset": self.target.preset}
        return self._stacks.deploy(
            self.target.data,
            read_template(INFRASTRUCTURE / "data.yaml"),
            {**self.target.parameters, **own},
        )

    def package(self) -> str:
        """Build layers and functions and upload them."""
        self._call(["make", "build"])
        self._call(
            [
                ".local/venvs/sam/bin/sam", "package", "--template-file", ".aws-sam/build/template.yaml",
                "--s3-bucket", self._bucket, "--s3-prefix", self.target.application,
                "--output-template-file", str(_PACKAGED), "--region", self.target.region,
            ]
        )  # fmt: skip
        return "uploaded"

    def schema(self) -> str:
        """Deploy platform/migrate alone: it changes the schema before the functions that expect it run."""
        document = excerpt(read_template(_PACKAGED), _MIGRATE)
        return self._stacks.deploy(self.target.schema, document, self._values())

    def application(self) -> str:
        """Deploy infra/template.yaml; its queues have been declared, so that consumers may run."""
        values = {"ConsumersEnabled": "true", **self._values()}
        document = tagged(read_template(_PACKAGED), values)
        return self._stacks.deploy(self.target.application, document, values)

    def firewall(self) -> str:
        """Associate the firewall with the API's stage; repeating it changes nothing."""
        region, api = self.target.region, self._stacks.outputs(self.target.application)["ApiId"]
        partition = self._client("sts").meta.partition
        self._client("wafv2").associate_web_acl(
            WebACLArn=self.found()["WebAclArn"],
            ResourceArn=f"arn:{partition}:apigateway:{region}::/restapis/{api}/stages/prod",
        )
        return "associated"

    def migrate(self) -> str:
        """Call platform/migrate: schema, price lists, queues."""
        name = self._stacks.outputs(self.target.schema)["MigrateFunctionName"]
        sources = ("data.yaml", "template.yaml", "observability.yaml")
        event = {
            "templates": {each: read_template(INFRASTRUCTURE / each) for each in sources},
            "parameters": {
                "data.yaml": {"Preset": self.target.preset},
                "template.yaml": self.found(),
            },
        }
        answer = self._client("lambda").invoke(
            FunctionName=name, Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise DeployError(f"platform/migrate failed: {said.get('errorMessage', said)}")
        return f"{len(said['applied'])} migrations applied, {len(said['queues'])} queues"

    def observability(self) -> str:
        """Deploy infra/observability.yaml."""
        values = {
            **self._stacks.outputs(self.target.data),
            **self._stacks.outputs(self.target.application),
            "ApplicationStack": self.target.application,
            "ApiName": self.target.application,
            "BrokerName": f"shop-{self.target.stage}",
            **self.target.parameters,
        }
        document = read_template(INFRASTRUCTURE / "observability.yaml")
        return self._stacks.deploy(self.target.observability, document, values)

    def found(self) -> dict[str, str]:
        """Return the data plane's values from Parameter Store, by the application's parameters."""
        path = f"/shop/{self.target.stage}/"
        pages = self._client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
        return {
            each["Name"].removeprefix(path): each["Value"]
            for page in pages
            for each in page["Parameters"]
        }

    def api_url(self) -> str:
        """Give the address of the deployed API."""
        return self._stacks.outputs(self.target.application)["ApiUrl"]

    def _values(self) -> dict[str, str]:
        return {**self.found(), **self.target.parameters}
