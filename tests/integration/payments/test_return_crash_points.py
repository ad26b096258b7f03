"""Returns and crash points: wherever the process dies, units are restocked and refunded once.

Each step is run once without a crash to count its crash points, then once for each of them, followed by what
the world does next: staff who repeat the step, the reconciliation, or both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from shop.contracts.http.returns import RequestReturn, ReturnedUnits
from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from shop.services.payments.reconciliation import reconcile
from shop.services.returns.handling import (
    approve_return,
    receive_return,
    refund_return,
    reject_return,
)
from shop.services.returns.request import request_return
from tests.support.builders import QUANTITY, STOCK, Placed
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.crashes import Crashed, CrashPoints
from tests.support.payments import StripeControl, events_of, wind_back
from tests.support.returns import delivered_order, statuses
from tests.support.stock import levels, query

type Step = Callable[[Container, "Returned", CrashPoints], None]


@dataclass(frozen=True)
class Returned:
    """A delivered order, and the id of a return of one unit of it."""

    placed: Placed
    return_id: UUID


def request(container: Container, returned: Returned, points: CrashPoints) -> None:
    placed = returned.placed
    request_return(
        points.unit_of_work(container.unit_of_work),
        Session(placed.user_id, Role.CUSTOMER),
        placed.order_id,
        returned.return_id,
        RequestReturn(
            lines=[ReturnedUnits(product_id=placed.products[0], quantity=1)], reason="too small"
        ),
        window_days=30,
    )


def approve(container: Container, returned: Returned, points: CrashPoints) -> None:
    opener = points.unit_of_work(container.unit_of_work)
    approve_return(opener, returned.placed.order_id, returned.return_id)


def reject(container: Container, returned: Returned, points: CrashPoints) -> None:
    opener = points.unit_of_work(container.unit_of_work)
    reject_return(opener, returned.placed.order_id, returned.return_id, "worn")


def receive(container: Container, returned: Returned, points: CrashPoints) -> None:
    first = returned.placed.products[0]
    receive_return(
        points.unit_of_work(container.unit_of_work),
        points.provider(container.payment_provider),
        returned.placed.order_id,
        returned.return_id,
        named=[first],
        restock=[first],
    )


def refund(container: Container, returned: Returned, points: CrashPoints) -> None:
    refund_return(
        points.unit_of_work(container.unit_of_work),
        points.provider(container.payment_provider),
        returned.placed.order_id,
        returned.return_id,
    )


def sweep(container: Container, returned: Returned) -> None:
    for _ in range(2):
        wind_back(container.settings.database_url, returned.placed.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=20)


def take(container: Container, returned: Returned, *steps: Step) -> None:
    for step in steps:
        step(container, returned, CrashPoints())


def crash_everywhere(container: Container, step: Step, *before: Step) -> Iterator[Returned]:
    at = 1
    while True:
        returned = Returned(delivered_order(container), new_id())
        take(container, returned, *before)
        try:
            step(container, returned, CrashPoints(at))
        except Crashed:
            yield returned
            at += 1
        else:
            assert at > 3, "the step has crash points"
            return


def check(
    container: Container,
    control: StripeControl,
    returned: Returned,
    *,
    status: str | None,
    restocked: bool = False,
) -> None:
    """Check the return, its money, its stock and its events."""
    url, placed = container.settings.database_url, returned.placed
    assert statuses(url, placed.order_id) == ([status] if status else [])
    refunded = 1000 if status == "refunded" else 0
    assert control.kept_minor(placed.order_id) == placed.total_minor - refunded
    assert levels(url, placed.products[0]) == (STOCK - QUANTITY + restocked, 0)
    recorded = [e for e in events_of(url, placed.order_id) if e.startswith(("return", "order.ref"))]
    assert len(recorded) == len(set(recorded)), "an event twice"
    assert ("order.refunded" in recorded) is (status == "refunded")
    assert ("return.received" in recorded) is restocked
    assert violations(url) == []


@pytest.mark.parametrize(
    ("step", "before", "was", "becomes"),
    [
        (request, (), None, "requested"),
        (approve, (request,), "requested", "approved"),
        (reject, (request,), "requested", "rejected"),
        (reject, (request, approve), "approved", "rejected"),
    ],
    ids=["request", "approve", "reject", "reject an approved one"],
)
def test_steps_without_money(
    container: Container,
    control: StripeControl,
    step: Step,
    before: tuple[Step, ...],
    was: str | None,
    becomes: str,
) -> None:
    for returned in crash_everywhere(container, step, *before):
        now = statuses(container.settings.database_url, returned.placed.order_id)
        assert now in ([was] if was else [], [becomes])
        check(container, control, returned, status=now[0] if now else None)
        take(container, returned, step)  # repeated
        check(container, control, returned, status=becomes)


@pytest.mark.parametrize("aftermath", ["sweep", "repeat", "repeat and sweep", "sweep and refund"])
def test_receiving(container: Container, control: StripeControl, aftermath: str) -> None:
    for returned in crash_everywhere(container, receive, request, approve):
        url, order_id = container.settings.database_url, returned.placed.order_id
        (status,) = statuses(url, order_id)
        # Received, restocked and recorded to be refunded together, or not at all.
        pending = query(url, "SELECT count(*) FROM refunds WHERE order_id = %s", (order_id,))
        assert pending == [(int(status != "approved"),)]
        if "repeat" in aftermath:
            take(container, returned, receive)
        if "sweep" in aftermath:
            sweep(container, returned)
        received = status != "approved" or "repeat" in aftermath
        if "refund" in aftermath and received:
            take(container, returned, refund)
        check(
            container,
            control,
            returned,
            status="refunded" if received else "approved",
            restocked=received,
        )


def test_receiving_while_the_provider_is_unavailable(
    container: Container, control: StripeControl
) -> None:
    for returned in crash_everywhere(container, refund, request, approve, _receive_unanswered):
        control.clear_faults()
        sweep(container, returned)
        check(container, control, returned, status="refunded", restocked=True)


def _receive_unanswered(container: Container, returned: Returned, points: CrashPoints) -> None:
    """Stripe makes the refund, and its answer is lost."""
    control = StripeControl(container.settings.stripe_url)
    control.fault("close", "/v1/refunds", when="after", times=9)
    receive(container, returned, points)
    control.clear_faults()
