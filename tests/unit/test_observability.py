import json
import logging
from typing import Any
from uuid import UUID

import pytest

from shop import observability
from shop.entrypoints.http import Answer, Request, endpoint
from tests.support.proxy_events import Context, proxy_event

_log = logging.getLogger("shop.services.anything")


@pytest.fixture(autouse=True)
def fresh_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not logged yet."""
    monkeypatch.setattr(logging.getLogger("shop"), "handlers", [])


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_module_that_only_uses_logging_writes_structured_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    context = Context("orders/checkout")
    observability.begin_invocation(context)
    observability.bind(order_id="42")
    _log.info("it %s", "works", extra={"id": UUID(int=1)})
    observability.begin_invocation(Context("orders/checkout"))
    _log.warning("again")
    first, second = _lines(capsys)
    assert first["location"].startswith("test_a_module_that_only_uses_logging")
    assert first["timestamp"].endswith("Z")
    assert first["function_request_id"] == context.aws_request_id
    assert {k: first[k] for k in ("message", "order_id", "level", "service", "cold_start")} == {
        "message": "it works",
        "order_id": "42",
        "level": "INFO",
        "service": "shop",
        "cold_start": True,
    }
    assert first["id"] == str(UUID(int=1))
    assert (second["level"], second["cold_start"]) == ("WARNING", False)
    assert "order_id" not in second


def test_an_exception_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    observability.begin_invocation(Context("orders/checkout"))
    try:
        dict[str, str]()["nothing"]
    except KeyError:
        _log.exception("failed")
    (line,) = _lines(capsys)
    assert line["exception_name"] == "KeyError"
    assert line["exception"].endswith("KeyError: 'nothing'")


@pytest.mark.parametrize(("level", "written"), [("WARNING", 0), ("loud", 1), ("", 1)])
def test_the_level_is_a_setting_and_a_malformed_one_loses_nothing(
    level: str, written: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_LOG_LEVEL", level)
    observability.begin_invocation(Context("orders/checkout"))
    _log.info("working")
    assert len(_lines(capsys)) == written


def test_every_line_of_a_request_carries_the_id_that_its_client_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        _log.info("working")
        return Answer()

    event = proxy_event("GET", "/api/health", {}, None)
    answer = handler(event, Context("platform/get_health"))
    lines = _lines(capsys)
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
