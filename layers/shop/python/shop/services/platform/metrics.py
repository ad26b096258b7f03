"""Metrics that must be collected: business figures, and backlogs."""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from shop.contracts.events import CONSUMERS, dead_letter_queue, queue_name
from shop.contracts.http.metrics import BusinessMetrics, TopProduct
from shop.contracts.metrics import MetricName
from shop.domain.business import KEPT, Business, Period, SoldProduct
from shop.domain.errors import InvalidRequest
from shop.domain.money import to_decimal
from shop.observability import metric
from shop.services.platform.ports import BusinessFigures, QueueDepths

_TOP: Final = 10
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

_log = logging.getLogger(__name__)


def period_of(begin: datetime | None, end: datetime | None, now: datetime) -> Period:
    """Check a period that a client has sent; the last day, where an end of it was left out.

    Raises
    ------
    InvalidRequest
        If it ends before it begins or in the future, or begins before what is kept.
    """
    end = end or now
    begin = begin or end - _DAY
    if begin > now:
        raise InvalidRequest.field("from", "must not be in the future")
    if end > now:
        raise InvalidRequest.field("to", "must not be in the future")
    if end <= begin:
        raise InvalidRequest.field("to", "must be later than from")
    if begin < now - KEPT:
        raise InvalidRequest.field(
            "from", f"must be within the last {KEPT.days} days, for which carts are known"
        )
    return Period(begin, end)


def business_metrics(figures: BusinessFigures, period: Period, currency: str) -> BusinessMetrics:
    """Return the figures of a period."""
    counts = figures.business(period)
    return BusinessMetrics(
        from_=period.begin,
        to=period.end,
        currency=currency,
        order_conversion_rate=counts.order_conversion_rate,
        cart_abandonment_rate=counts.cart_abandonment_rate,
        average_order_value=counts.average_order_value,
        inventory_turnover=counts.inventory_turnover,
        carts_created=counts.carts_created,
        carts_abandoned=counts.carts_abandoned,
        orders_paid=counts.orders_paid,
        units_sold=counts.units_sold,
        revenue=to_decimal(counts.revenue_minor),
        refunded=to_decimal(counts.refunded_minor),
        orders=counts.orders,
        top_products=[_shown(sold) for sold in figures.top_products(period, _TOP)],
    )


def collect_metrics(figures: BusinessFigures, queues: QueueDepths, now: datetime) -> dict[str, int]:
    """Emit the metrics that the database and the broker have; repeating it does no harm.

    Returns
    -------
    dict
        Counts of ``messages`` that wait, and of ``dead`` ones.

    Raises
    ------
    DependencyUnavailable
        If a server is unavailable; what the other one has was emitted.
    """
    figures.record_stock(now)
    counts = figures.business(Period(now - _DAY, now))
    _emit_business(counts)
    _emit_revenue(figures, now)
    gauges = figures.gauges()
    metric("DatabaseConnections", gauges.connections)
    metric("PaymentsInDoubt", gauges.payments_in_doubt)
    live = [queue_name(service, event_type) for service, event_type in CONSUMERS]
    messages = queues.total(live)
    dead = queues.total([dead_letter_queue(queue) for queue in live])
    metric("QueueDepth", messages)
    metric("DeadLettersWaiting", dead)
    return {"messages": messages, "dead": dead}


def _emit_business(counts: Business) -> None:
    """Emit the figures that exist: a rate whose denominator is zero is not emitted."""
    _log.info("orders of the last day", extra={"orders": counts.orders})
    found: dict[MetricName, Decimal | None] = {
        "OrderConversionRate": _percent(counts.order_conversion_rate),
        "CartAbandonmentRate": _percent(counts.cart_abandonment_rate),
        "AverageOrderValue": counts.average_order_value,
        "InventoryTurnover": counts.inventory_turnover,
    }
    for name, value in found.items():
        if value is not None:
            metric(name, float(value))


def _percent(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rate * 100


def _emit_revenue(figures: BusinessFigures, now: datetime) -> None:
    """Emit the revenue of this hour and day so far, and of those before as they ended.

    Each is read by its maximum, so that whatever is emitted twice counts once.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    hours = {of.hour: of.revenue_minor for of in figures.revenue_by_hour(Period(day - _DAY, now))}

    def emit(name: MetricName, period: Period, at: datetime) -> None:
        total = sum(minor for begin, minor in hours.items() if period.begin <= begin < period.end)
        metric(name, float(to_decimal(total)), at=at)

    just_before = timedelta(seconds=1)
    emit("RevenueHourly", Period(hour - _HOUR, hour), hour - just_before)
    emit("RevenueHourly", Period(hour, now), now)
    emit("RevenueDaily", Period(day - _DAY, day), day - just_before)
    emit("RevenueDaily", Period(day, now), now)
    for begin, end in ((hour - _HOUR, hour), (hour, now)):
        for sold in figures.top_products(Period(begin, end), _TOP):
            _log.info("sold in an hour", extra={"hour": begin, "sold": _shown(sold)})


def _shown(sold: SoldProduct) -> TopProduct:
    return TopProduct(
        product_id=sold.product_id,
        name=sold.name,
        units=sold.units,
        revenue=to_decimal(sold.revenue_minor),
    )
