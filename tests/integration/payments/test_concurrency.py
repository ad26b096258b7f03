"""Many at once, with real threads and processes, each with connections of its own."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from shop.domain.errors import ShopError
from shop.services.payments.processing import process_payment
from shop.services.payments.reconciliation import reconcile
from tests.support.at_once import at_once
from tests.support.builders import QUANTITY, STOCK, TOTAL_MINOR, place_order
from tests.support.containers import Container
from tests.support.payments import (
    KEY,
    WEBHOOK_SECRET,
    StripeControl,
    events_of,
    paying_container,
    status_of,
    stock_of,
    timeline_of,
    wind_back,
)
from tests.support.stock import query


def count_at_once(count: int, action: Callable[[int], str]) -> Counter[str]:
    """Run an action as often at once; count its results, of refusals their codes."""

    def result(number: int) -> str:
        try:
            return action(number)
        except ShopError as error:
            return error.code

    return Counter(at_once([partial(result, number) for number in range(count)]))


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_chargeDeclined"])
def test_one_order_paid_twenty_times_at_once(
    container: Container,
    control: StripeControl,
    database: str,
    redis: str,
    stripe: str,
    method: str,
) -> None:
    placed = place_order(container, products=3)

    def pay(_number: int) -> str:
        with paying_container(database, redis, stripe) as own:
            view = process_payment(
                own.payment_provider, own.unit_of_work, placed.user_id, placed.order_id, method
            )
            return view.status.value

    results = count_at_once(20, pay)

    declined = method != "pm_card_visa"
    assert results.keys() <= {"card_declined" if declined else "PAID", "request_in_progress"}
    assert len(control.intents(placed.order_id)) == 1
    assert control.kept_minor(placed.order_id) == (0 if declined else placed.total_minor)
    assert stock_of(database, placed) == {(STOCK, 0 if declined else QUANTITY)}
    end = ["PAYMENT_FAILED", "CANCELLED"] if declined else ["PAID"]
    assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", *end]
    assert len(events_of(database, placed.order_id)) == (3 if declined else 1)


def test_payment_against_expiry(
    container: Container, control: StripeControl, database: str, redis: str, stripe: str
) -> None:
    """Either the order is paid and its stock held, or it expires uncharged; never both."""
    from shop.services.orders.expire import expire_reservations

    for _ in range(5):
        placed = place_order(container, products=2, expires_in=timedelta(seconds=0.3))

        def race(number: int) -> str:
            with paying_container(database, redis, stripe) as own:
                time.sleep(0.22 + number * 0.02)
                if number % 2:
                    expire_reservations(own.unit_of_work, seconds=1)
                else:
                    process_payment(
                        own.payment_provider, own.unit_of_work, placed.user_id,  # noqa: B023
                        placed.order_id, "pm_card_visa",  # noqa: B023
                    )  # fmt: skip
                return "done"

        count_at_once(6, race)
        status = status_of(database, placed.order_id)
        if status == "PENDING":  # every sweep came too early
            expire_reservations(container.unit_of_work, seconds=1)
            status = status_of(database, placed.order_id)
        assert status in {"PAID", "CANCELLED"}
        kept = control.kept_minor(placed.order_id)
        assert (status, kept) in {("PAID", placed.total_minor), ("CANCELLED", 0)}
        held = QUANTITY if status == "PAID" else 0
        assert stock_of(database, placed) == {(STOCK, held)}


def test_two_reconciliations_and_the_customer_at_once(
    container: Container, control: StripeControl, database: str, redis: str, stripe: str
) -> None:
    orders = [place_order(container) for _ in range(6)]
    for placed in orders:
        control.fault("close", when="after")
        with pytest.raises(ShopError):
            process_payment(
                container.payment_provider, container.unit_of_work, placed.user_id,
                placed.order_id, "pm_card_visa",
            )  # fmt: skip
        wind_back(database, placed.order_id, timedelta(minutes=1))

    def run(number: int) -> str:
        with paying_container(database, redis, stripe) as own:
            if number < 3:
                reconcile(own.payment_provider, own.unit_of_work, seconds=10)
            else:
                process_payment(
                    own.payment_provider, own.unit_of_work, orders[number - 3].user_id,
                    orders[number - 3].order_id, "pm_card_visa",
                )  # fmt: skip
            return "done"

    results = count_at_once(9, run)
    assert results.keys() <= {"done", "request_in_progress"}
    for placed in orders:
        wind_back(database, placed.order_id, timedelta(minutes=1))
    reconcile(container.payment_provider, container.unit_of_work, seconds=10)
    for placed in orders:
        assert status_of(database, placed.order_id) == "PAID"
        assert control.kept_minor(placed.order_id) == TOTAL_MINOR
        assert events_of(database, placed.order_id) == ["order.paid"]


_PAYER = """
import sys
from uuid import UUID
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.services.payments.processing import process_payment

provider = payment_provider()
charge = provider.charge

def charge_and_wait(attempt):
    intent = charge(attempt)
    print("charged", flush=True)
    sys.stdin.read()

provider.charge = charge_and_wait
process_payment(
    provider, unit_of_work(PostgresPaymentsWork), UUID(sys.argv[1]), UUID(sys.argv[2]), "pm_card_visa"
)
"""


def test_a_process_killed_between_the_charge_and_its_record(
    container: Container, control: StripeControl, database: str, redis: str, stripe: str
) -> None:
    placed = place_order(container)
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[3] / "layers/shop/python"),
        "SHOP_DATABASE_URL": database,
        "SHOP_REDIS_URL": redis,
        "SHOP_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:1/%2f",
        "SHOP_STRIPE_URL": stripe,
        "SHOP_STRIPE_KEY": KEY,
        "SHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    with subprocess.Popen(
        [sys.executable, "-c", _PAYER, str(placed.user_id), str(placed.order_id)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as payer:  # fmt: skip
        assert payer.stdout is not None
        assert payer.stdout.readline() == "charged\n"
        payer.send_signal(signal.SIGKILL)
        assert payer.wait() == -signal.SIGKILL
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert query(database, "SELECT payment_intent_id FROM payments") == [(None,)]

    wind_back(database, placed.order_id, timedelta(minutes=1))
    counts = reconcile(container.payment_provider, container.unit_of_work, seconds=10)

    assert counts == {"paid": 1}
    assert status_of(database, placed.order_id) == "PAID"
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert len(control.intents(placed.order_id)) == 1
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}
