"""Reads ``infra/template.yaml`` and packages it the way ``aws cloudformation package`` does.

State machines are uploaded; code stays where it is, and LocalStack takes it from there on every change.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shop.entrypoints.commands.templates import read_template
from shop_local.paths import BUILT_LAYERS, CHECKOUT

type Document = dict[str, Any]

#: Where a resource names local code, by its type.
_CODE = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
#: What must be built before it can be deployed, and where `make` builds it.
_BUILT = {CHECKOUT / "layers" / name: BUILT_LAYERS / name for name in ("dependencies", "stripe")}


class TemplateError(Exception):
    """The template refers to something that does not exist."""


def read(path: Path) -> Document:
    """Read a template; short forms such as ``!Ref`` become their long ones."""
    try:
        return read_template(path)
    except FileNotFoundError as error:
        raise TemplateError(f"{path} does not exist") from error


def packaged(path: Path, upload: Callable[[Path], Document]) -> Document:
    """Read a template and replace everything local by something CloudFormation can deploy.

    Parameters
    ----------
    upload : callable
        Puts a file where CloudFormation finds it and gives its ``{"Bucket": …, "Key": …}``.

    Raises
    ------
    TemplateError
        If it names a folder or file that does not exist; all of them are listed.
    """
    template = read(path)
    problems: list[str] = []
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if field := _CODE.get(resource["Type"]):
            folder = _code_folder(path, properties[field])
            if not folder.is_dir():
                problems.append(f"{logical_id}: {field} {folder} does not exist")
            properties[field] = {"Bucket": "hot-reload", "Key": str(folder)}
        elif resource["Type"] == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
            definition = _resolve(path, properties["DefinitionUri"])
            if definition.is_file():
                properties["DefinitionUri"] = upload(definition)
            else:
                problems.append(f"{logical_id}: DefinitionUri {definition} does not exist")
    if problems:
        raise TemplateError("\n".join([f"{path} cannot be deployed:", *problems]))
    return template


#: What releases an application on AWS; LocalStack has no CodeDeploy, and code is reloaded from the checkout.
_OF_RELEASES = ("AutoPublishAlias", "AutoPublishAliasAllProperties", "DeploymentPreference")


def without_versions(template: Document) -> Document:
    """Return the template without versions of functions: whatever invokes an alias invokes the function."""
    resources: Document = {}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            continue  # Those of releases.
        properties = {
            name: value
            for name, value in resource.get("Properties", {}).items()
            if name not in _OF_RELEASES
        }
        resources[logical_id] = {**resource, "Properties": _without_aliases(properties)}
    return {**template, "Resources": resources}


def for_stock_localstack(template: Document) -> Document:
    """Return the template without what LocalStack does not implement itself.

    It refuses Amazon MQ as an event source, and applies no layers, which its containers mount instead.
    """
    resources: Document = {}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            continue
        properties = dict(resource.get("Properties", {}))
        if resource["Type"] == "AWS::Serverless::Function":
            properties.pop("Layers", None)
            properties["Events"] = {
                name: event
                for name, event in properties.get("Events", {}).items()
                if event["Type"] != "MQ"
            }
        resources[logical_id] = {**resource, "Properties": properties}
    function = {
        name: value for name, value in template["Globals"]["Function"].items() if name != "Layers"
    }
    return {
        **template,
        "Globals": {**template["Globals"], "Function": function},
        "Resources": resources,
    }


def _without_aliases(value: Any) -> Any:
    match value:
        case {"Ref": str(name)} if name.endswith(".Alias"):
            return {"Fn::GetAtt": [name.removesuffix(".Alias"), "Arn"]}
        case dict():
            return {key: _without_aliases(each) for key, each in value.items()}
        case list():
            return [_without_aliases(each) for each in value]
        case _:
            return value


def layers(path: Path) -> dict[str, Path]:
    """Return the folder of each layer's content, as built, by logical id."""
    return {
        logical_id: _code_folder(path, resource["Properties"]["ContentUri"])
        for logical_id, resource in read(path)["Resources"].items()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    }


def _code_folder(template: Path, uri: str) -> Path:
    folder = _resolve(template, uri)
    return _BUILT.get(folder, folder)


def _resolve(template: Path, uri: str) -> Path:
    return (template.parent / uri).resolve()


def parameters(template: Document, settings: Mapping[str, str]) -> dict[str, str]:
    """Choose the values of a template's parameters from settings: ``DatabaseUrl`` is ``SHOP_DATABASE_URL``.

    Raises
    ------
    TemplateError
        If a parameter without a default has no setting.
    """
    chosen: dict[str, str] = {}
    for name, declared in template.get("Parameters", {}).items():
        setting = setting_of(name)
        if setting in settings:
            chosen[name] = settings[setting]
        elif "Default" not in declared:
            raise TemplateError(f"Parameter {name} has no default and {setting} is not set")
    return chosen


def setting_of(parameter: str) -> str:
    """Return the name of the setting for a parameter.

    >>> setting_of("StripeWebhookSecret")
    'SHOP_STRIPE_WEBHOOK_SECRET'
    """
    return "SHOP_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter).upper()


def functions(template: Document) -> dict[str, str]:
    """Return the functions by their folder: ``orders/checkout`` is ``OrdersCheckoutFunction``."""
    return {
        "/".join(Path(resource["Properties"]["CodeUri"]).parts[-2:]): logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
