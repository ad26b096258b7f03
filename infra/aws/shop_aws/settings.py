"""Makes functions publish a new version when their settings change."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shop.entrypoints.commands.templates import defaults
from shop_aws.excerpt import Document, names_in


def tagged(template: Document, parameters: Mapping[str, str]) -> Document:
    """Return the template with a tag on each function: a digest of the parameters that it refers to.

    SAM names a version after the function's properties as the template has them, where a parameter is a
    reference: without the tag, a changed value would change ``$LATEST`` and no version
    (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html).
    """
    values = {**defaults(template), **parameters}
    shared = template["Globals"]["Function"]
    resources = {
        logical_id: _tagged(resource, shared, values)
        if resource["Type"] == "AWS::Serverless::Function"
        else resource
        for logical_id, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _tagged(resource: Any, shared: Any, values: Mapping[str, str]) -> Any:
    properties = resource["Properties"]
    used = {name: values[name] for name in names_in([shared, properties]) if name in values}
    digest = hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]
    tags = {**properties.get("Tags", {}), "settings": digest}
    return {**resource, "Properties": {**properties, "Tags": tags}}
