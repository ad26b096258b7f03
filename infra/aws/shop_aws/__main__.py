"""``make deploy STAGE=… PRESET=…``: deploy to AWS; repeat it to continue after a failure."""

import argparse
import os
import sys
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop_aws.deployment import Deployment
from shop_aws.stacks import DeployError
from shop_aws.steps import plan, steps_of
from shop_aws.target import Target

_AFTERWARDS = """
By hand, once:
  Stripe   put key and, once the webhook endpoint {api}/api/payments/webhook exists, webhook_secret
           into the secret of /shop/{stage}/StripeSecretArn; functions use them within five minutes
  Services put the SHA-256 digest of the token of other services, if any call the shop, into the member
           current of the secret of /shop/{stage}/ServiceSecretArn
  DNS      add the CNAME records of the output EmailRecords of {data}, if EmailDomain is set
"""


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--preset", required=True, choices=("small", "medium", "large"))
    parser.add_argument("--dry", action="store_true", help="print what would be done")
    parser.add_argument(
        "--older",
        action="store_true",
        help="deploy an older release again: leave the schema as it is",
    )
    parser.add_argument("parameters", nargs="*", metavar="Name=value", help="of the templates")
    arguments = parser.parse_args()
    if wrong := [each for each in arguments.parameters if "=" not in each]:
        parser.error(f"not Name=value: {' '.join(wrong)}")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    given = dict(each.split("=", 1) for each in arguments.parameters)
    target = Target(arguments.stage, arguments.preset, region, given, arguments.older)
    if arguments.dry:
        print("\n".join(plan(target)))
        return 0

    @cache
    def client(service: str) -> Any:
        # platform/migrate may take its fifteen minutes.
        patient = Config(read_timeout=910, retries={"mode": "standard"})
        return boto3.client(service, region_name=region, config=patient)

    try:
        deployment = Deployment(target, client)
        for step in steps_of(target):
            print(f"  {step.name:<14} ", end="", flush=True)
            print(step.run(deployment))
        print(_AFTERWARDS.format(api=deployment.api_url(), stage=target.stage, data=target.data))
    except (DeployError, BotoCoreError, ClientError) as error:
        print(f"\n{error}\nRepeat the command to go on from here.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
