"""Webhooks delivered by the Stripe fake: signed, duplicated, reordered, and retried until accepted."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from stripe import StripeClient

from shop.contracts.http.payments import WEBHOOK_EVENTS
from tests.support.builders import RETURNED, TOTAL_MINOR, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay, pay_with_check
from tests.support.payments import (
    KEY,
    WEBHOOK_SECRET,
    StripeControl,
    events_of,
    paying_container,
    request_refund,
    status_of,
    stock_of,
    timeline_of,
)
from tests.support.serving import serving
from tests.support.stock import query
from tests.support.waiting import eventually

DISPUTES = {kind for kind in WEBHOOK_EVENTS if kind.startswith("charge.dispute.")}


@contextmanager
def listening(container: Container, answers: list[int], refused: int) -> Iterator[str]:
    """The URL of the webhook function; its first requests fail."""
    settings = container.settings

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if len(answers) < refused:
                status = 503
            else:
                with paying_container(
                    settings.database_url, settings.redis_url, settings.stripe_url
                ) as own:
                    headers = {"Stripe-Signature": self.headers["Stripe-Signature"]}
                    status = (
                        Gateway(own)
                        .post("/api/payments/webhook", body=body.decode(), headers=headers)
                        .status
                    )
            answers.append(status)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield f"http://{address}/api/payments/webhook"


def subscribe(control: StripeControl, url: str) -> None:
    """Subscribe to the shop's webhook events."""
    endpoint = {"url": url, "secret": WEBHOOK_SECRET, "enabled_events": WEBHOOK_EVENTS}
    control.send("POST", "webhooks/endpoints", endpoint)


def wait_until_taken(control: StripeControl) -> int:
    """Wait for every delivery; return their number."""
    states = eventually(
        lambda: [one["state"] for one in control.send("GET", "webhooks/deliveries")["data"]],
        what="every webhook event is delivered",
        until=lambda states: set(states) == {"delivered"},
    )
    return len(states)


def acted_on(database: str) -> set[str]:
    """Return the types of the events that the shop has acted on."""
    rows = query(database, "SELECT DISTINCT event_type FROM webhook_events")
    return {event_type for (event_type,) in rows}


def statuses_of_refunds(database: str) -> set[str]:
    """Return in which statuses the shop has recorded refunds."""
    return {status for (status,) in query(database, "SELECT status FROM refunds")}


def test_copies_in_random_order_after_an_outage(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    answers: list[int] = []
    with listening(container, answers, refused=3) as url:
        subscribe(control, url)
        control.send("POST", "settings", {"webhook_copies": 3, "webhook_retry_seconds": [0.1]})
        control.send("POST", "webhooks/pause", {})
        lost, checked, failed = (place_order(container) for _ in range(3))
        control.fault("close", when="after")
        assert pay(shop, lost).status == 503
        for placed, outcome in ((checked, "succeed"), (failed, "fail")):
            control.authenticate(pay_with_check(shop, control, placed)["id"], outcome)

        control.send("POST", "webhooks/resume", {"order": "random"})
        count = wait_until_taken(control)

    assert answers.count(503) == 3
    assert answers.count(200) == count
    for placed in (lost, checked):
        assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", "PAID"]
        assert events_of(database, placed.order_id) == ["order.paid"]
        assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert status_of(database, failed.order_id) == "CANCELLED"
    assert stock_of(database, failed) == RETURNED
    assert control.kept_minor(failed.order_id) == 0
    assert {"payment_intent.succeeded"} <= acted_on(database) <= set(WEBHOOK_EVENTS)


def test_a_refund_of_the_shop_arrives_as_an_event(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    """The events of the shop's own refund, and of one that the bank rejects, change nothing."""
    from shop.services.payments.refunds import execute_refund

    answers: list[int] = []
    with listening(container, answers, refused=0) as url:
        subscribe(control, url)
        control.send("POST", "settings", {"refund_seconds": 0.1})
        for method in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
            placed = place_order(container)
            pay(shop, placed, method)
            refund = request_refund(container, placed)
            execute_refund(container.payment_provider, container.unit_of_work, refund)
            if method == "pm_card_refundFail":
                eventually(
                    lambda: statuses_of_refunds(database),
                    what="the refund has failed",
                    until=lambda statuses: "failed" in statuses,
                )
            wait_until_taken(control)
            assert status_of(database, placed.order_id) == "CANCELLED"
            assert stock_of(database, placed) == RETURNED
            assert events_of(database, placed.order_id).count("order.cancelled") == 1
    assert set(answers) == {200}
    statuses = query(database, "SELECT status FROM refunds ORDER BY created_at")
    assert statuses == [("succeeded",), ("succeeded",), ("failed",)]


def test_every_event_that_is_subscribed_to_is_acted_on(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    answers: list[int] = []
    # Of several events about one refund or dispute, the first to arrive has an effect.
    alone = {kind for kind in WEBHOOK_EVENTS if kind.startswith("payment_intent.")}
    with listening(container, answers, refused=0) as url:
        subscribe(control, url)
        control.send("POST", "settings", {"refund_seconds": 0.1, "processing_seconds": 60})
        stripe = StripeClient(KEY, base_addresses={"api": control.url})
        checked, failed, given_up, slow, paid, failing = (place_order(container) for _ in range(6))
        intents = [
            pay_with_check(shop, control, placed)["id"] for placed in (checked, failed, given_up)
        ]
        control.authenticate(intents[0])
        control.authenticate(intents[1], "fail")
        stripe.v1.payment_intents.cancel(intents[2])  # in Stripe's dashboard
        pay(shop, slow, "pm_card_processing")
        pay(shop, paid)
        pay(shop, failing, "pm_card_refundFail")
        for placed in (paid, failing):
            stripe.v1.refunds.create({"payment_intent": control.intents(placed.order_id)[0]["id"]})
        dispute = control.dispute(control.intents(checked.order_id)[0]["id"])
        eventually(lambda: acted_on(database) & DISPUTES, what="the dispute is recorded")
        control.close_dispute(dispute["id"], "won")
        eventually(
            lambda: (acted_on(database), statuses_of_refunds(database)),
            what="every kind of event is acted on",
            until=lambda seen: alone <= seen[0] and "failed" in seen[1],
        )
        wait_until_taken(control)
    assert set(answers) == {200}
    assert acted_on(database) <= set(WEBHOOK_EVENTS)
    recorded = "SELECT status FROM disputes"
    assert query(database, recorded) == [("won",)]
    assert status_of(database, slow.order_id) == "PAYMENT_PROCESSING"
