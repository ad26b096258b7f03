import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shop import bootstrap, observability
from shop.bootstrap import environment
from shop.domain.errors import DependencyUnavailable
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.invocation import InvocationFailed
from shop.entrypoints.schedule import schedule
from shop.entrypoints.task import task
from tests.support.proxy_events import Context, proxy_event
from tests.unit.test_settings import GOOD

_log = logging.getLogger("shop.services.anything")


@pytest.fixture(autouse=True)
def fresh_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has neither logged nor read its settings yet."""
    package = logging.getLogger("shop")
    before = dict(vars(package))
    _unconfigure(package)
    monkeypatch.setattr(observability, "_cold", True)
    yield
    vars(package).clear()
    vars(package).update(before)
    package.setLevel(package.level)  # clears the cache of enabled levels
    _unconfigure(package)


def _unconfigure(package: logging.Logger) -> None:
    package.handlers = []
    for mark in ("init", "powertools_handler"):  # Powertools leaves a logger alone that has them
        vars(package).pop(mark, None)
    observability._logger.cache_clear()
    bootstrap._of_this_process.cache_clear()


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
    assert datetime.fromisoformat(first["timestamp"]).utcoffset() == timedelta(0)
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


def test_an_exception_is_one_line_without_the_value_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    observability.begin_invocation(Context("orders/checkout"))
    try:
        try:
            dict[str, str]()["ada@example.com"]
        except KeyError as error:
            error.add_note("of ada@example.com")
            raise ExceptionGroup("ada", [error, ValueError("ada@example.com")]) from error
    except ExceptionGroup:
        _log.exception("failed")
    (line,) = _lines(capsys)
    assert line["exception_name"] == "ExceptionGroup"
    assert line["exception"].count("KeyError") == 1
    assert line["exception"].endswith("ValueError")
    assert (
        f"in {test_an_exception_is_one_line_without_the_value_that_failed.__name__}"
        in (line["exception"])
    )
    assert "example.com" not in json.dumps(line)


def test_a_message_of_our_own_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    observability.begin_invocation(Context("orders/checkout"))
    _log.error("failed", exc_info=DependencyUnavailable("postgresql"))
    (line,) = _lines(capsys)
    assert line["exception"].endswith(
        "DependencyUnavailable: postgresql is not available; try again."
    )


@pytest.mark.parametrize(("level", "written"), [("WARNING", 0), ("loud", 1), ("", 1)])
def test_the_level_is_a_setting_and_a_malformed_one_loses_nothing(
    level: str, written: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_LOG_LEVEL", level)
    observability.begin_invocation(Context("orders/checkout"))
    _log.info("working")
    assert len(_lines(capsys)) == written


def test_a_library_logs_no_more_than_warnings() -> None:
    """Lambda gives the root logger the level of a function's JSON log."""
    root, before = logging.getLogger(), logging.getLogger().level
    try:
        root.setLevel(logging.INFO)
        observability.begin_invocation(Context("orders/checkout"))
        assert not logging.getLogger("stripe").isEnabledFor(logging.INFO)
        assert logging.getLogger("stripe").isEnabledFor(logging.WARNING)
    finally:
        root.setLevel(before)


def test_every_line_of_a_request_carries_the_id_that_its_client_gets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        _log.info("working")
        return Answer()

    event = proxy_event("GET", "/api/health", {}, None)
    answer = handler(event, Context("platform/get_health"))
    lines = _lines(capsys)
    assert [line["message"] for line in lines] == ["working", "invocation"]
    assert {line["request_id"] for line in lines} == {answer["headers"]["X-Request-Id"]}


def test_a_metric_is_one_line_of_emf(capsys: pytest.CaptureFixture[str]) -> None:
    observability.metric("CacheHits", 2, layer="redis")
    line = json.loads(capsys.readouterr().out)
    assert line["CacheHits"] == [2.0]
    assert line["layer"] == "redis"
    definition = line["_aws"]["CloudWatchMetrics"][0]
    assert definition["Metrics"] == [{"Name": "CacheHits", "Unit": "Count"}]
    assert definition["Dimensions"] == [["layer"]]


class Command(msgspec.Struct):
    order_id: UUID
    correlation_id: str = "c-1"


def test_a_task_writes_one_line_that_names_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    @task(Command)
    def handler(command: Command) -> None:
        _log.info("working")

    context = Context("orders/create_order")
    handler({"order_id": str(UUID(int=1))}, context)
    _, line = _lines(capsys)
    assert line["function_request_id"] == context.aws_request_id
    wanted = {
        "message": "invocation",
        "kind": "task",
        "step": "Command",
        "outcome": "done",
        "order_id": str(UUID(int=1)),
        "correlation_id": "c-1",
    }
    assert wanted.items() <= line.items()


def test_a_schedule_says_what_it_did_and_a_refusal_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @schedule
    def handler(seconds: float) -> dict[str, int]:
        if seconds > 10:
            raise DependencyUnavailable("postgresql")
        return {"released": 2}

    class Short(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 12_000

    assert handler({}, Short("inventory/expire_reservations")) == {"released": 2}
    with pytest.raises(DependencyUnavailable):
        handler({}, Context("inventory/expire_reservations"))
    done, refused = _lines(capsys)
    assert (done["schedule"], done["outcome"]) == ("inventory-expire_reservations", "done")
    assert done["counts"] == {"released": 2}
    assert refused["outcome"] == "dependency_unavailable"


def test_the_exception_of_a_failed_function_contains_no_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @task(Command)
    def handler(command: Command) -> None:
        raise ValueError("ada@example.com")

    with pytest.raises(InvocationFailed) as failure:
        handler({"order_id": str(UUID(int=1))}, Context("orders/create_order"))
    assert str(failure.value) == "ValueError"
    assert failure.value.__suppress_context__
    failed, line = _lines(capsys)
    assert (failed["message"], failed["exception_name"]) == ("invocation failed", "ValueError")
    assert (line["message"], line["outcome"]) == ("invocation", "failed")
    assert "example.com" not in json.dumps([failed, line])


def test_a_setting_that_is_wrong_is_named_by_the_first_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (*GOOD.items(), ("SHOP_CURRENCY", "ISK")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")

    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        environment()
        return Answer()

    answer = handler(proxy_event("GET", "/api/health", {}, None), Context("platform/get_health"))
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["detail"] == "The service is not set up: SHOP_CURRENCY."
    failed, line = _lines(capsys)
    assert "SHOP_CURRENCY must be one of AED" in failed["exception"]
    assert (line["kind"], line["status"], line["outcome"]) == ("endpoint", 500, "internal_error")
