"""events/ holds a sample event for every function of the template, of the shape its trigger sends."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from shop.contracts.events import EVENTS, decode
from shop.contracts.tasks import Migrate
from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT

_FOLDER = CHECKOUT / "events"
_FUNCTIONS = {function.title: function for function in declared()}


def _of_kind(kind: str) -> list[Any]:
    return [
        pytest.param(function, id=title)
        for title, function in _FUNCTIONS.items()
        if function.kind == kind
    ]


def _sample(function: Function) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / f"{function.title}.json").read_text()))


def test_every_function_has_a_sample_and_there_are_no_others() -> None:
    files = {str(path.relative_to(_FOLDER)) for path in _FOLDER.rglob("*") if path.is_file()}

    assert files == {f"{title}.json" for title in _FUNCTIONS}


@pytest.mark.parametrize("function", _of_kind("endpoint"))
def test_endpoint(function: Function) -> None:
    """API Gateway's proxy event, whose parts agree with each other and with the template."""
    event = _sample(function)
    context = event["requestContext"]
    assert function.route is not None
    method, route = function.route

    assert (event["httpMethod"], event["resource"]) == (method, route)
    assert (context["httpMethod"], context["resourcePath"]) == (method, route)
    assert event["path"] == route.format_map(event["pathParameters"] or {})
    assert context["path"] == f"/{context['stage']}{event['path']}"
    assert context["requestId"]
    assert {name: values[-1] for name, values in event["multiValueHeaders"].items()} == (
        event["headers"]
    )
    single, multiple = event["queryStringParameters"], event["multiValueQueryStringParameters"]
    assert (single is None) == (multiple is None)
    assert {name: values[-1] for name, values in (multiple or {}).items()} == (single or {})
    assert event["isBase64Encoded"] is False
    assert event["stageVariables"] is None
    if event["body"]:
        assert json.loads(event["body"]) is not None
        assert parse_qsl(event["body"]) == []
        assert any(name.lower() == "content-type" for name in event["headers"])


@pytest.mark.parametrize("function", _of_kind("consumer"))
def test_consumer(function: Function) -> None:
    """Amazon MQ's batch, from the function's own queue, with real events."""
    event = _sample(function)
    (queue,) = function.queues

    assert event["eventSource"] == "aws:rmq"
    assert event["eventSourceArn"].startswith("arn:aws:mq:")
    assert set(event["rmqMessagesByQueue"]) == {f"{queue}::/"}
    for message in event["rmqMessagesByQueue"][f"{queue}::/"]:
        body = base64.b64decode(message["data"], validate=True)
        envelope = decode(body)
        assert type(envelope.event) is EVENTS[queue.removeprefix(f"{function.service}.")]
        properties = message["basicProperties"]
        assert properties["bodySize"] == len(body)
        assert properties["messageId"] == str(envelope.event_id)
        assert properties["correlationId"] == envelope.correlation_id
        assert properties["type"] == envelope.event_type
        assert properties["deliveryMode"] == 2
        assert isinstance(message["redelivered"], bool)


@pytest.mark.parametrize("function", _of_kind("schedule"))
def test_schedule(function: Function) -> None:
    """EventBridge Scheduler's default input."""
    event = _sample(function)

    assert event["source"] == "aws.scheduler"
    assert event["detail-type"] == "Scheduled Event"
    assert event["detail"] == "{}"
    (arn,) = event["resources"]
    assert arn.startswith("arn:aws:scheduler:")
    assert function.logical_id in arn


_BY_DEPLOYMENT = "platform/migrate"


def test_the_deployment_calls_migrate() -> None:
    event = _sample(_FUNCTIONS[_BY_DEPLOYMENT])
    assert msgspec.convert(event, Migrate) == Migrate()


@pytest.mark.parametrize(
    "function", [each for each in _of_kind("task") if each.id != _BY_DEPLOYMENT]
)
def test_task(function: Function) -> None:
    """What the state machine's step passes, all of it."""
    event = _sample(function)
    given = _parameters(function.logical_id)

    assert "order_id" in event
    if given is not None:
        assert set(event) == given


def _parameters(logical_id: str) -> set[str] | None:
    """Names that the state machines pass to a function; None when it gets the whole input."""
    name = f"${{{logical_id.removesuffix('Function')[len(_service(logical_id)) :]}Arn}}"
    for path in sorted((CHECKOUT / "statemachines").glob("*.asl.json")):
        for state in json.loads(path.read_text())["States"].values():
            given = state.get("Parameters", {})
            if state.get("Resource") == name:
                return {key.removesuffix(".$") for key in given} or None
            if given.get("FunctionName") == name:
                return {key.removesuffix(".$") for key in given["Payload"]}
    raise AssertionError(f"no state machine calls {logical_id}")


def _service(logical_id: str) -> str:
    (function,) = (found for found in _FUNCTIONS.values() if found.logical_id == logical_id)
    return function.service.capitalize()
