"""What log events say about costs."""

import json
import logging
from decimal import Decimal
from uuid import UUID

import pytest

from shop.domain.costs import CostItem, CostRequest, Kind, PriceList, PriceMissing
from shop.domain.ids import new_id
from shop.services.finance.documents import Documents
from shop.services.finance.ports import LogEvent, Page
from tests.support import finance
from tests.support.finance import NOW, access, documents, event, line, report

ORDER = UUID("0199e8a0-1111-7a2b-8c3d-4e5f60718293")


def read(*events: LogEvent) -> Page:
    return documents().read(events)


def items(page: Page) -> dict[Kind, CostItem]:
    assert len({item.kind for item in page.items}) == len(page.items)
    return {item.kind: item for item in page.items}


def only_request(page: Page) -> CostRequest:
    (request,) = page.requests
    return request


def test_a_report_alone_is_a_cost() -> None:
    page = read(report("orders/checkout", "r1", billed=143, memory=1024, status="timeout"))
    duration, request = items(page)[Kind.LAMBDA_DURATION], items(page)[Kind.LAMBDA_REQUEST]
    assert duration.quantity == Decimal("0.143")
    assert duration.unit == "GB-second"
    assert duration.amount == Decimal("0.0000166667") * Decimal("0.143")
    assert duration.item_id == "r1:lambda_duration:2026-11-27T12:00:00.000+00:00"
    assert (duration.name, duration.architecture, duration.memory_mb) == (
        "orders/checkout", "x86_64", 1024,
    )  # fmt: skip
    assert request.amount == Decimal("0.0000002")
    about = only_request(page)
    assert (about.function, about.service, about.flow) == ("orders/checkout", "orders", "checkout")
    assert about.outcome == "timeout"


_TRACE = "Root=1-6b5d7e40-0123456789abcdef01234567;Parent=53995c3f42cd8ad8"


def test_a_trace_that_xray_records_is_billed_once_for_all_its_invocations() -> None:
    page = read(
        report("orders/checkout", "r1", trace=f"{_TRACE};Sampled=1"),
        report("orders/create_order", "r2", trace=f"{_TRACE};Sampled=1"),
    )
    traces = [item for item in page.items if item.kind is Kind.XRAY_TRACE]
    assert {item.item_id for item in traces} == {"1-6b5d7e40-0123456789abcdef01234567:xray_trace"}
    assert {item.amount for item in traces} == {Decimal("0.000005")}


@pytest.mark.parametrize("trace", [None, "", "Root=1-2-3", f"{_TRACE};Sampled=0", "nonsense"])
def test_an_invocation_that_xray_does_not_record_has_no_trace(trace: str | None) -> None:
    assert Kind.XRAY_TRACE not in items(read(report("orders/checkout", "r1", trace=trace)))


def test_a_cold_start_is_named() -> None:
    page = read(report("cart/get_cart", "r1", billed=812, init=498.37))
    duration = items(page)[Kind.LAMBDA_DURATION]
    assert duration.cold_start
    assert duration.init_ms == Decimal("498.37")
    assert duration.duration_ms == 812
    assert not items(read(report("cart/get_cart", "r2")))[Kind.LAMBDA_DURATION].cold_start


@pytest.mark.parametrize(("memory", "billed"), [(128, 1), (1769, 333), (10240, 900_000), (129, 7)])
def test_amounts_are_exact(memory: int, billed: int) -> None:
    duration = items(read(report("cart/get_cart", "r", billed=billed, memory=memory)))[
        Kind.LAMBDA_DURATION
    ]
    assert duration.quantity * 1024 * 1000 == memory * billed
    assert duration.amount * 1024 * 1000 == memory * billed * Decimal("0.0000166667")


def test_an_architecture_has_its_price_and_a_missing_one_is_an_error() -> None:
    arm = Documents(finance.shipped_prices(), "arm64")
    duration = items(arm.read([report("cart/get_cart", "r", billed=1000)]))[Kind.LAMBDA_DURATION]
    assert duration.amount == Decimal("0.0000133334")
    prices = finance.shipped_prices()
    without = {key: price for key, price in prices.prices.items() if key != "lambda_duration.arm64"}
    poor = Documents(PriceList("us-east-1", "v", without), "arm64")
    with pytest.raises(PriceMissing, match=r"lambda_duration\.arm64"):
        poor.read([report("cart/get_cart", "r")])


def test_a_line_says_what_the_invocation_was() -> None:
    user, correlation = new_id(), new_id()
    page = read(
        line(
            "orders/checkout",
            "r1",
            kind="endpoint",
            route="POST /api/orders/checkout",
            status=201,
            outcome="done",
            order_id=ORDER,
            correlation_id=correlation,
            user_id=user,
            request_id="api-1",
        )
    )
    asked, invoked = page.requests
    assert (asked.request_id, asked.invocation_id) == ("api-1", "r1")
    assert invoked.route == "POST /api/orders/checkout"
    assert (invoked.status, invoked.outcome) == (201, "done")
    assert (invoked.order_ids, invoked.correlation_id, invoked.user_id) == (
        (ORDER,), correlation, user,
    )  # fmt: skip
    assert page.items == []


def test_a_batch_names_all_its_orders_and_whether_it_was_redelivered() -> None:
    orders = sorted([new_id(), new_id(), new_id()])
    about = only_request(
        read(line("inventory/on_order_paid", "r", queue="q", order_ids=orders, redelivered=2))
    )
    assert about.order_ids == tuple(orders)
    assert about.redelivered
    assert not only_request(read(line("inventory/on_order_paid", "r", redelivered=0))).redelivered


def test_other_lines_name_orders_as_well() -> None:
    about = only_request(
        read(line("orders/advance_orders", "r", message="order advanced", order_id=ORDER))
    )
    assert about.order_ids == (ORDER,)
    assert about.outcome is None


def test_an_execution_is_rounded_up_as_it_is_billed() -> None:
    page = read(
        line(
            "orders/checkout",
            "r",
            message="execution",
            order_id=ORDER,
            billed_duration_ms=301,
            billed_memory_mb=65,
        )
    )
    duration = items(page)[Kind.EXPRESS_DURATION]
    assert duration.quantity == Decimal("0.05")  # 400 ms of 128 MB
    assert duration.amount == Decimal("0.05") * Decimal("0.00001667")
    assert (duration.duration_ms, duration.memory_mb, duration.name) == (
        Decimal(400),
        128,
        "checkout",
    )
    assert items(page)[Kind.EXPRESS_REQUEST].amount == Decimal("0.000001")


def test_an_execution_without_its_billing_is_not_a_zero(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        page = read(line("orders/checkout", "r", message="execution", billed_duration_ms=None))
    assert page.items == []
    assert len(page.logged) == 1
    assert "billing details" in caplog.records[0].__dict__["detail"]


def test_an_email_counts_once_a_message() -> None:
    sent = [
        line("notifications/on_order_confirmed", "r", message="e-mail sent", message_id=each)
        for each in ("m1", "m2", "m2")
    ]
    page = read(*sent)
    assert {item.item_id for item in page.items} == {"r:email:m1", "r:email:m2"}
    assert {item.amount for item in page.items} == {Decimal("0.0001")}


def test_a_scheduled_function_costs_an_invocation_of_the_scheduler() -> None:
    page = read(
        *finance.invocation("platform/relay_outbox", "r", kind="schedule"),
        report("platform/relay_outbox", "r"),
    )
    scheduled = [item for item in page.items if item.kind is Kind.SCHEDULE]
    assert {item.item_id for item in scheduled} == {"r:schedule"}
    assert Kind.SCHEDULE not in items(read(report("cart/get_cart", "r")))


@pytest.mark.parametrize("status", [200, 404, 413, 429])
def test_every_request_to_the_api_costs(status: int) -> None:
    page = read(access("a1", method="OPTIONS", path="/api/cart", status=status))
    item = items(page)[Kind.API_REQUEST]
    assert (item.item_id, item.amount, item.at) == ("a1:api_request", Decimal("0.0000035"), NOW)
    about = only_request(page)
    assert (about.invocation_id, about.route, about.status, about.flow) == (
        None, "OPTIONS /api/cart", status, "platform",
    )  # fmt: skip
    answered = only_request(read(access("a2", invocation="r1")))
    assert (answered.invocation_id, answered.flow) == ("r1", None)


def test_log_bytes_are_those_of_the_message_and_26_more() -> None:
    one = event("cart/get_cart", NOW, "Zürich")
    (logged,) = read(one).logged
    assert logged.event_id == one.event_id
    assert logged.item.quantity * 2**30 == 7 + 26
    assert logged.item.amount * 2**30 == 33 * Decimal("0.50")
    assert logged.item.request_id == f"stream:{one.stream}:2026-11-27T12"
    assert only_request(read(one)).function == "cart/get_cart"


@pytest.mark.parametrize(
    "document",
    [
        "RequestId: r Error: Runtime exited",
        "[1, 2]",
        json.dumps({"type": "platform.report", "record": {"requestId": "r", "metrics": {}}}),
        json.dumps({"type": "platform.report", "record": 7}),
        json.dumps({"type": "api.access", "requestId": "r"}),
        json.dumps({"function_request_id": 7}),
        json.dumps({"function_request_id": "r", "message": "invocation", "order_id": "no uuid"}),
        json.dumps({"type": "platform.start", "record": {"requestId": "r", "version": "1"}}),
        json.dumps({"_aws": {"Timestamp": 1}, "OrdersPlaced": 1}),
    ],
)
def test_an_event_that_states_no_cost_costs_its_log_bytes(document: str) -> None:
    page = read(event("cart/get_cart", NOW, document))
    assert page.items == []
    (logged,) = page.logged
    about = only_request(page)
    assert about.request_id == logged.item.request_id
    assert about.function == "cart/get_cart"


def test_a_function_that_is_not_known_keeps_its_physical_name() -> None:
    other = report("cart/get_cart", "r")._replace(stream="2026/11/27/old-shop-fn[3]abc")
    assert only_request(read(other)).function == "old-shop-fn"
    assert items(read(other))[Kind.LAMBDA_DURATION].name == "old-shop-fn"
    unnamed = other._replace(stream="2026/11/27/[$LATEST]abc")
    about = only_request(read(unnamed))
    assert about.function is None
