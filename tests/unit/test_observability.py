import io
import json
import logging

import pytest

from shop import observability
from shop.entrypoints.http import Answer, Request, endpoint
from tests.support.gateway import Context, proxy_event


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged; the process's logger may have been made by another test."""
    stream = io.StringIO()
    monkeypatch.setattr(observability.logger().registered_handler, "stream", stream)
    return stream


def test_a_module_that_only_uses_logging_writes_structured_lines(written: io.StringIO) -> None:
    observability.logger().append_keys(order_id="42")
    logging.getLogger("shop.services.anything").info("it %s", "works")
    line = json.loads(written.getvalue())
    observability.logger().remove_keys(["order_id"])
    assert (line["message"], line["order_id"], line["level"]) == ("it works", "42", "INFO")


def test_every_line_of_a_request_carries_the_id_that_its_client_is_told(
    written: io.StringIO,
) -> None:
    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        logging.getLogger("shop.services.anything").info("working")
        return Answer()

    event = proxy_event("GET", "/api/health", {}, None)
    answer = handler(event, Context("platform/get_health"))
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["working", "request"]
    assert {line["request_id"] for line in lines} == {answer["headers"]["X-Request-Id"]}


def test_a_metric_is_one_line_of_emf(capsys: pytest.CaptureFixture[str]) -> None:
    observability.metric("CacheHits", 2, unit="Count", cache="products")
    line = json.loads(capsys.readouterr().out)
    assert line["CacheHits"] == 2
    assert line["cache"] == "products"
    definition = line["_aws"]["CloudWatchMetrics"][0]
    assert definition["Metrics"] == [{"Name": "CacheHits", "Unit": "Count"}]
    assert definition["Dimensions"] == [["cache"]]
