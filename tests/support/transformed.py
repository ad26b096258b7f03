"""infra/template.yaml as CloudFormation sees it, after the SAM transform."""

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from shop.entrypoints.commands.templates import read_template
from shop_local.paths import AWS_PYTHON, TEMPLATE

#: The translator is a part of LocalStack's environment, not of the tests' own.
_TRANSFORM: Final = """
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import transform
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader

class Policies(ManagedPolicyLoader):
    def load(self):
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in (
            "AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole",
            "AWSLambdaAMQExecutionRole", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess")}

json.dump(transform(json.load(sys.stdin), {}, Policies(None)), sys.stdout)
"""


def transform(document: dict[str, Any], uris: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Transform a template, with code as it is after packaging.

    Parameters
    ----------
    uris : mapping, optional
        Where the code of a resource is, by logical id; elsewhere it is the same for all.
    """
    found: dict[str, Any] = json.loads(_transform(document, uris or {}))
    return found


def _transform(document: dict[str, Any], uris: Mapping[str, str]) -> str:
    for logical_id, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if name in properties:
                properties[name] = uris.get(logical_id, "s3://bucket/key")
    done = subprocess.run(
        [AWS_PYTHON, "-W", "ignore", "-c", _TRANSFORM],
        input=json.dumps(document), capture_output=True, text=True, check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def _text() -> str:
    return _transform(read_template(TEMPLATE), {})


def transformed() -> dict[str, Any]:
    """Return the transformed template, a copy for each caller."""
    document: dict[str, Any] = json.loads(_text())
    return document


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the transformed resources of one type, by logical id."""
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in transformed()["Resources"].items()
        if resource["Type"] == kind
    }
