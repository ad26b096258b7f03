"""`make invoke`, hot reload, and that no server listens on the network."""

import ipaddress
import json
import shutil
from pathlib import Path

import pytest

from shop_local.functions import Function, declared
from shop_local.invoke import invoke
from shop_local.paths import CHECKOUT
from tests.e2e.client import Shop
from tests.e2e.deployment import Stack
from tests.support.processes import listening
from tests.support.waiting import eventually

#: Errors of tasks whose samples name an order and a product that do not exist.
_REFUSALS = {"InvalidRequest", "NotFound", "InsufficientStock"}


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_invoke_with_the_sample_event(
    stack: Stack, capsys: pytest.CaptureFixture[str], function: Function
) -> None:
    status = invoke(stack.values, function.title, None)
    printed = capsys.readouterr()
    answer = json.loads(printed.out)

    assert "REPORT RequestId" in printed.err
    if function.route:
        assert status == 0, printed.out
        assert 200 <= answer["statusCode"] < 500, printed.out
    elif status:
        assert function.kind == "task", printed.out
        assert answer["errorType"] in _REFUSALS, printed.out
        assert json.loads(answer["errorMessage"])["code"]


def test_hot_reload(stack: Stack, shop: Shop, tmp_path: Path) -> None:
    """A saved handler answers the next request; a copy is edited, not the checkout."""
    title = "platform/get_docs"
    client, name = stack.aws("lambda"), stack.function(title)
    original = CHECKOUT / "functions" / title
    copy = tmp_path / "get_docs"
    shutil.copytree(original, copy)

    def run_from(folder: Path) -> None:
        client.update_function_code(FunctionName=name, S3Bucket="hot-reload", S3Key=str(folder))
        client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def wait_for(header: str | None) -> None:
        eventually(
            lambda: shop.call("GET", "/api/docs").headers.get("x-edited"),
            what="the saved change is live",
            until=lambda found: found == header,
        )

    assert client.get_function(FunctionName=name)["Code"]["Location"] == original.as_uri()
    run_from(copy)
    try:
        wait_for(None)
        handler = copy / "handler.py"
        source = handler.read_text()
        handler.write_text(
            f"{source}\n\n_answer = handler\n\n\ndef handler(event, context):\n"
            "    answer = _answer(event, context)\n"
            '    answer["headers"]["X-Edited"] = "yes"\n'
            "    return answer\n"
        )
        wait_for("yes")
        handler.write_text(source)
        wait_for(None)
    finally:
        run_from(original)


def test_loopback_only(stack: Stack) -> None:
    sockets = listening(stack.processes())

    assert len({found.port for found in sockets}) >= 6
    open_to_others = [
        found for found in sockets if not ipaddress.ip_address(found.address).is_loopback
    ]
    assert open_to_others == []
