"""collect_metrics, and metrics that are emitted where they happen."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shop import observability
from shop.adapters.rabbitmq.topology import declare
from shop.contracts.events import CONSUMERS, dead_letter_queue, queue_name
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from shop.services.platform.metrics import collect_metrics
from shop_local.paths import CHECKOUT
from tests.support.broker import purge, put
from tests.support.builders import add_product, lapse, place_order
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.waiting import eventually

_SCHEDULE = json.loads((CHECKOUT / "events/platform/collect_metrics.json").read_text())
_DAY = datetime(2026, 11, 20, tzinfo=UTC)


class Depths:
    """Stands for the broker."""

    def __init__(self, depths: dict[str, int] | None = None) -> None:
        self.depths = depths or {}

    def total(self, queues: Any) -> int:
        """Sum up what waits."""
        return sum(self.depths.get(queue, 0) for queue in queues)


def _emitted(output: str) -> dict[str, list[tuple[float, datetime]]]:
    """Read values and moments of the metrics among lines, by name and dimensions."""
    found: dict[str, list[tuple[float, datetime]]] = {}
    for line in map(json.loads, output.splitlines()):
        if "_aws" in line:
            at = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "Shop"
            ((metric,), (names,)) = directive["Metrics"], directive["Dimensions"] or [[]]
            key = ".".join([metric["Name"], *(line[name] for name in names)])
            (value,) = line[metric["Name"]]
            found.setdefault(key, []).append((value, at))
    return found


def _pay(container: Container, at: datetime) -> None:
    placed = place_order(container)
    with container.database.transaction() as transaction:
        for status in ("PAYMENT_PROCESSING", "PAID"):
            transaction.execute(
                "UPDATE orders SET status = %s WHERE id = %s", (status, placed.order_id)
            )
        transaction.execute(
            "INSERT INTO order_timeline (order_id, status, occurred_at) VALUES (%s, 'PAID', %s)",
            (placed.order_id, at),
        )


def test_revenue_of_this_hour_and_day_and_of_those_before(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    now = _DAY + timedelta(hours=9, minutes=2)
    for minutes in (-1, -60 * 30, 0, 60 * 8 + 59, 60 * 9, 60 * 9 + 1, 60 * 9 + 2):
        _pay(container, _DAY + timedelta(minutes=minutes))
    observability.begin_invocation(Context("platform/collect_metrics"))
    capsys.readouterr()
    collect_metrics(container.business_figures, Depths(), now)
    output = capsys.readouterr().out
    emitted = _emitted(output)
    total = 24.99
    assert emitted["RevenueHourly"] == [
        (total, _DAY + timedelta(hours=9, seconds=-1)),
        (pytest.approx(2 * total), now),
    ]
    assert emitted["RevenueDaily"] == [
        (total, _DAY - timedelta(seconds=1)),
        (pytest.approx(4 * total), now),
    ]
    # Two units each of a stock of ten, of seven orders.
    assert emitted["InventoryTurnover"][0][0] == pytest.approx(10 / 70, abs=1e-4)
    assert emitted["AverageOrderValue"][0][0] == total
    # Lines for the tables of the business dashboard.
    lines = [json.loads(line) for line in output.splitlines()]
    sold = [line for line in lines if line.get("message") == "sold in an hour"]
    assert [line["hour"] for line in sold] == ["2026-11-20T08:00:00Z"] + 2 * [
        "2026-11-20T09:00:00Z"
    ]
    assert {(line["sold"]["units"], float(line["sold"]["revenue"])) for line in sold} == {(2, 20.0)}
    assert any(line.get("message") == "orders of the last day" for line in lines)


def test_gauges_of_database_and_broker(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    placed = place_order(container)
    with container.database.transaction() as transaction:
        for intent, age, status in (
            ("pi_1", 3, "processing"), ("pi_2", 1, "processing"), ("pi_3", 9, "requires_action"),
        ):  # fmt: skip
            transaction.execute(
                "INSERT INTO payments (id, order_id, attempt, status, amount_minor, currency,"
                " payment_method_id, payment_intent_id, updated_at)"
                " VALUES (%s, %s, %s, %s, 1, 'USD', 'pm', %s, now() - make_interval(mins => %s))",
                (new_id(), placed.order_id, age, status, intent, age),
            )
    first, second = (queue_name(*consumer) for consumer in CONSUMERS[:2])
    depths = Depths({first: 3, second: 4, dead_letter_queue(second): 2, "other": 99})
    counts = collect_metrics(container.business_figures, depths, datetime.now(UTC))
    emitted = {name: values[0][0] for name, values in _emitted(capsys.readouterr().out).items()}
    assert counts == {"messages": 7, "dead": 2}
    assert (emitted["QueueDepth"], emitted["DeadLettersWaiting"]) == (7, 2)
    assert emitted["PaymentsInDoubt"] == 1
    assert emitted["DatabaseConnections"] >= 1
    # No cart and no paid order: a rate of nothing is not zero.
    assert {"OrderConversionRate", "CartAbandonmentRate", "AverageOrderValue"}.isdisjoint(emitted)
    assert emitted["InventoryTurnover"] == 0


def test_without_the_broker_the_database_s_metrics_are_emitted_and_the_run_fails(
    shop: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DependencyUnavailable):
        shop.invoke("platform/collect_metrics", _SCHEDULE)
    lines = capsys.readouterr().out
    assert "DatabaseConnections" in _emitted(lines)
    assert '"outcome":"dependency_unavailable"' in lines


def test_depths_of_a_real_broker(database: str, redis: str, rabbitmq_url: str) -> None:
    declare(rabbitmq_url)
    live = [queue_name(*consumer) for consumer in CONSUMERS]
    dead = [dead_letter_queue(queue) for queue in live]
    purge(rabbitmq_url, *live, *dead)
    put(rabbitmq_url, live[0], b"{}")
    put(rabbitmq_url, live[1], b"{}")
    put(rabbitmq_url, dead[2], b"{}")
    with container_for(database, redis, rabbitmq_url) as container:
        shop = Gateway(container)
        eventually(
            lambda: shop.invoke("platform/collect_metrics", _SCHEDULE),
            what="the messages are counted",
            until=lambda counts: counts == {"messages": 2, "dead": 1},
        )
        with pytest.raises(DependencyUnavailable):
            container.queue_depths.total(["no.such.queue"])
    purge(rabbitmq_url, *live, *dead)


def test_reservations_that_expire_are_counted(
    shop: Gateway, container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    placed = [place_order(container) for _ in range(3)]
    for lapsed in placed[:2]:
        lapse(container.database, lapsed.order_id)
    capsys.readouterr()
    shop.invoke("inventory/expire_reservations", _SCHEDULE)
    assert _emitted(capsys.readouterr().out)["ReservationsExpired"][0][0] == 2
    shop.invoke("inventory/expire_reservations", _SCHEDULE)
    assert "ReservationsExpired" not in _emitted(capsys.readouterr().out)


def test_cache_lookups_are_summed_by_layer_and_written_once_a_minute(
    shop: Gateway,
    container: Container,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = f"/api/catalog/products/{add_product(container.database)}"
    observability._counts.clear()
    monkeypatch.setattr(observability, "_flush_at", float("inf"))
    for _ in range(5):
        assert shop.get(path).status == 200
    container.catalog_cache._local.clear()  # type: ignore[attr-defined]
    assert _emitted(capsys.readouterr().out) == {}
    monkeypatch.setattr(observability, "_flush_at", 0.0)
    assert shop.get(path).status == 200
    emitted = {name: values[0][0] for name, values in _emitted(capsys.readouterr().out).items()}
    # The first copy in memory was dropped: storing the answer in Redis invalidated it.
    assert emitted == {
        "CacheHits.memory": 3, "CacheMisses.memory": 3, "CacheHits.redis": 2, "CacheMisses.redis": 1,
    }  # fmt: skip
    assert shop.get(path).status == 200
    assert _emitted(capsys.readouterr().out) == {}
