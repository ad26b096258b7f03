"""Requests to AWS that functions send: each is billed as an item of the ledger, or costs nothing."""

import ast
import json
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from shop.adapters.aws import ses
from shop.adapters.aws.secrets import SecretsManager
from shop.contracts.billed_metrics import DIMENSION_VALUES, billed_metrics
from shop.contracts.metrics import METRICS
from shop.domain.costs import Kind
from shop.entrypoints.schedule import schedule
from shop.observability import take_secret_requests
from shop_local.paths import CHECKOUT
from tests.support.proxy_events import Context
from tests.support.transformed import transformed

_SHOP: Final = CHECKOUT / "layers/shop/python/shop"
#: The services for which functions make clients, and the kinds of their requests.
_BILLED: Final = {
    "logs": set(),  # FilterLogEvents costs nothing
    "pricing": set(),  # of `make prices`, and costs nothing
    "secretsmanager": {Kind.SECRET_REQUEST, Kind.KMS_REQUEST},
    "ses": {Kind.EMAIL},
    "stepfunctions": {Kind.EXPRESS_REQUEST, Kind.EXPRESS_DURATION},
}


def _clients() -> Iterator[str]:
    """Give the services for which the code makes clients."""
    for path in (*_SHOP.rglob("*.py"), *(CHECKOUT / "functions").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="client" | "resource"), args=[name, *_]):
                    assert isinstance(name, ast.Constant), path
                    yield str(name.value)
                case ast.Call(func=ast.Name(id="SecretsProvider")):
                    yield "secretsmanager"


def test_every_service_that_functions_call_is_known_to_the_ledger() -> None:
    assert set(_clients()) == set(_BILLED)


def test_no_function_calls_s3() -> None:
    """Images are read from S3 by CloudFront alone, so the ledger has no requests to S3."""
    roles = [
        resource["Properties"]
        for resource in transformed()["Resources"].values()
        if resource["Type"].startswith("AWS::IAM::")
    ]
    assert roles
    assert '"s3:' not in json.dumps(roles)
    assert "s3" not in set(_clients())


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn = client.create_secret(Name="db", SecretString='{"username": "shop"}')["ARN"]
        yield client, arn


def test_a_secret_is_counted_when_it_is_asked_for_and_not_when_it_is_remembered(
    secret: tuple[Any, str],
) -> None:
    client, arn = secret
    manager = SecretsManager(client)
    for _ in range(3):
        manager.read(arn, 60)
    assert take_secret_requests() == 1
    other = client.create_secret(Name="broker", SecretString='{"username": "shop"}')["ARN"]
    manager.read(other, 60)
    assert take_secret_requests() == 1
    assert take_secret_requests() == 0


def test_an_invocation_writes_what_init_has_read_before_it_does_anything(
    secret: tuple[Any, str], capsys: pytest.CaptureFixture[str]
) -> None:
    client, arn = secret
    SecretsManager(client).read(arn, 60)
    seen: list[dict[str, Any]] = []

    @schedule
    def handler(_seconds: float) -> dict[str, int]:
        seen.extend(_lines(capsys))
        SecretsManager(client).read(arn, 60)
        return {}

    context = Context("platform/relay_outbox")
    handler({}, context)
    later = _lines(capsys)
    handler({}, Context("platform/relay_outbox"))

    # A time-out would have ended the invocation after this line.
    (first,) = seen
    assert (first["message"], first["secret_requests"]) == ("secrets read", 1)
    assert first["function_request_id"] == context.aws_request_id
    assert [line["message"] for line in later] == ["secrets read", "invocation"]
    assert later[0]["secret_requests"] == 1
    # The second invocation repeats neither of them.
    assert [line["secret_requests"] for line in seen[1:]] == []


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_metrics_are_counted_with_every_value_of_their_dimensions() -> None:
    plain = sum(not metric.dimensions for metric in METRICS.values())
    layers, queues, reasons = (len(DIMENSION_VALUES[name]) for name in ("layer", "queue", "reason"))
    assert billed_metrics() == plain + 2 * layers + 2 * queues + reasons


def test_the_values_of_dimensions_are_those_that_are_emitted() -> None:
    emitted: dict[str, set[str]] = {"layer": set(), "reason": set(ses._REFUSALS)}
    for path in _SHOP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for keyword in node.keywords:
                    if (
                        node.func.id in {"metric", "count"}
                        and keyword.arg in emitted
                        and isinstance(keyword.value, ast.Constant)
                    ):
                        emitted[keyword.arg].add(str(keyword.value.value))
    assert {name: set(DIMENSION_VALUES[name]) for name in emitted} == emitted
