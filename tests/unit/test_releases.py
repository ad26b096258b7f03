"""How a release reaches the functions: versions, aliases, a tenth of the requests first, and the way back."""

import copy
from functools import cache
from typing import Any

import pytest

from shop.entrypoints.commands.templates import read_template
from shop_aws.excerpt import excerpt
from shop_aws.settings import tagged
from shop_local import template as templates
from shop_local.functions import declared
from shop_local.paths import TEMPLATE
from tests.support.machines import functions_of
from tests.support.transformed import of_type, transform, transformed

#: What a purchase passes through: here an error costs most, and there are requests enough to see one.
_CANARIES = {
    "cart/add_item", "cart/change_item", "cart/get_cart", "cart/quote_cart", "cart/remove_item",
    "catalog/get_product", "catalog/list_categories", "catalog/list_products", "catalog/search_products",
    "identity/create_customer", "identity/create_session", "orders/checkout", "orders/get_order",
    "payments/process_payment", "payments/receive_webhook",
}  # fmt: skip
#: `make deploy` calls it before any other function changes.
_UNVERSIONED = {"platform/migrate"}
_PUBLISHED = _CANARIES | {
    each.title for each in declared() if each.kind != "endpoint" and each.title not in _UNVERSIONED
}
_ID = {each.title: each.logical_id for each in declared()}


def _alias(title: str) -> dict[str, str]:
    return {"Ref": f"{_ID[title]}Aliaslive"}


def _versions(document: dict[str, Any], **contents: str) -> dict[str, str]:
    """Return the logical id of each function's version, with this content of layers."""
    uris = {name: f"s3://bucket/{content}" for name, content in contents.items()}
    return {
        resource["Properties"]["FunctionName"]["Ref"]: logical_id
        for logical_id, resource in transform(document, uris)["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


@cache
def _of_layers(**contents: str) -> dict[str, str]:
    return _versions(read_template(TEMPLATE), **contents)


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {
        each.title
        for each in declared()
        if before.get(each.logical_id) != after.get(each.logical_id)
    }


def test_the_way_of_a_purchase_and_what_no_client_waits_for_publish_versions() -> None:
    versions = {each["FunctionName"]["Ref"] for each in of_type("AWS::Lambda::Version").values()}
    assert versions == {_ID[title] for title in _PUBLISHED}
    for alias in of_type("AWS::Lambda::Alias").values():
        assert alias["Name"] == "live"
    for layer in read_template(TEMPLATE)["Resources"].values():
        if layer["Type"] == "AWS::Serverless::LayerVersion":
            assert layer["Properties"]["PublishLambdaVersion"] is True


def test_other_code_in_a_layer_is_a_new_version_of_each_function_that_has_it() -> None:
    assert _changed(_of_layers(), _of_layers(ShopLayer="changed")) == _PUBLISHED
    stripe = {
        each.title for each in declared() if any("stripe" in str(path) for path in each.layers)
    }
    of_two = _of_layers(StripeLayer="changed", SchemaLayer="changed")
    assert _changed(_of_layers(), of_two) == stripe & _PUBLISHED


def test_without_published_layers_there_would_be_none() -> None:
    """What SAM does by itself, so that the test above can fail."""
    document = excerpt(read_template(TEMPLATE), "OrdersCheckoutFunction")
    before, published = (
        _versions(copy.deepcopy(document), ShopLayer=content) for content in ("before", "after")
    )
    assert before != published
    for layer in document["Resources"].values():
        layer.get("Properties", {}).pop("PublishLambdaVersion", None)
    before, published = (
        _versions(copy.deepcopy(document), ShopLayer=content) for content in ("before", "after")
    )
    assert before == published


def test_another_setting_is_a_new_version_of_the_functions_that_have_it() -> None:
    def versions(sender: str) -> dict[str, str]:
        return _versions(tagged(read_template(TEMPLATE), {"EmailSender": sender}))

    before = versions("a@shop.example")
    assert _changed(before, versions("b@shop.example")) == {
        "notifications/on_link_requested",
        "notifications/on_order_confirmed",
        "notifications/on_order_shipped",
        "notifications/on_return_approved",
        "notifications/on_return_rejected",
        "orders/advance_orders",
    }


def test_a_tag_does_not_show_the_setting() -> None:
    document = tagged(read_template(TEMPLATE), {"StripeKey": "sk_live_hidden"})
    assert "hidden" not in str(document["Resources"])


def test_the_template_itself_is_not_changed_by_the_tags() -> None:
    document = read_template(TEMPLATE)
    before = copy.deepcopy(document)
    tagged(document, {"Currency": "EUR"})
    assert document == before


def test_a_tenth_of_the_requests_comes_first_and_alarms_put_the_last_release_back() -> None:
    resources = transformed()["Resources"]
    aliases = {
        name.removesuffix("Aliaslive"): each
        for name, each in resources.items()
        if each["Type"] == "AWS::Lambda::Alias"
    }
    gradual = {name for name, each in aliases.items() if "UpdatePolicy" in each}
    assert gradual == {_ID[title] for title in _CANARIES}
    groups = of_type("AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(_CANARIES)
    for group in groups.values():
        kind = group["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"]
        assert kind == "Canary10Percent5Minutes"
        watched = [each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]]
        assert watched == ["ReleaseApiErrors", "ReleaseFunctionErrors"]
        assert group["AlarmConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


@pytest.mark.parametrize("name", ["ReleaseApiErrors", "ReleaseFunctionErrors"])
def test_an_alarm_of_a_release_sounds_while_the_canary_runs(name: str) -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")[name]
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 5 * 60 / 2
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_state_machine_invokes_aliases_and_may_invoke_nothing_else() -> None:
    (machine,) = of_type("AWS::StepFunctions::StateMachine").values()
    tasks = functions_of("Checkout")
    assert machine["DefinitionSubstitutions"] == {
        name: _alias(each) for name, each in tasks.items()
    }
    policies = of_type("AWS::IAM::Role")["CheckoutRole"]["Policies"]
    allowed = [
        statement["Resource"]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    assert sorted(map(str, allowed[0])) == sorted(str(_alias(each)) for each in tasks.values())
    assert len(allowed) == 1


def test_schedules_queues_and_routes_invoke_aliases() -> None:
    for each in declared():
        if each.schedule:
            target = of_type("AWS::Scheduler::Schedule")[f"{each.logical_id}Schedule"]["Target"]
            assert target["Arn"] == _alias(each.title)
            asynchronous = of_type("AWS::Lambda::EventInvokeConfig")
            assert asynchronous[f"{each.logical_id}EventInvokeConfig"]["Qualifier"] == "live"
        elif each.queues:
            mappings = of_type("AWS::Lambda::EventSourceMapping")
            assert mappings[f"{each.logical_id}Queue"]["FunctionName"] == _alias(each.title)
        elif each.title in _CANARIES:
            assert each.route
            method, path = each.route
            (api,) = of_type("AWS::ApiGateway::RestApi").values()
            operation = api["Body"]["paths"][path][method.lower()]
            uri = str(operation["x-amazon-apigateway-integration"]["uri"])
            assert f"${{{each.logical_id}Aliaslive}}" in uri
            permission = of_type("AWS::Lambda::Permission")[f"{each.logical_id}RoutePermissionprod"]
            assert permission["FunctionName"] == _alias(each.title)


def test_the_laptop_deploys_the_same_functions_without_versions() -> None:
    """LocalStack's core has no CodeDeploy; the laptop runs what is in the checkout."""
    document = templates.without_versions(read_template(TEMPLATE))
    resources = transform(document)["Resources"]
    kinds = {each["Type"] for each in resources.values()}
    assert not kinds & {"AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CloudWatch::Alarm"}
    assert not any("CodeDeploy" in kind for kind in kinds)
    functions = {
        name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function"
    }
    assert functions == set(_ID.values())
    substitutions = resources["Checkout"]["Properties"]["DefinitionSubstitutions"]
    assert substitutions["CreateOrderArn"] == {"Fn::GetAtt": ["OrdersCreateOrderFunction", "Arn"]}


def test_a_localstack_of_ones_own_gets_the_same_functions_without_layers_and_consumers() -> None:
    """It applies no layers and refuses Amazon MQ as an event source; docs/adding.md mounts the layers."""
    document = templates.for_stock_localstack(templates.without_versions(read_template(TEMPLATE)))
    resources = transform(document)["Resources"]
    kinds = {each["Type"] for each in resources.values()}
    assert not kinds & {"AWS::Lambda::LayerVersion", "AWS::Lambda::EventSourceMapping"}
    assert {"AWS::ApiGateway::RestApi", "AWS::Scheduler::Schedule"} <= kinds
    functions = {
        name: each for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function"
    }
    assert set(functions) == set(_ID.values())
    assert not any("Layers" in each["Properties"] for each in functions.values())
