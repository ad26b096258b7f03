"""finance/collect_costs, as EventBridge Scheduler calls it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shop.bootstrap import finance as parts
from shop_local.paths import CHECKOUT
from tests.support import finance
from tests.support.containers import Container, container_for
from tests.support.finance import FakeLogs, access, invocation
from tests.support.gateway import Gateway
from tests.support.stock import query


@pytest.fixture
def container(database: str, redis: str) -> Iterator[Container]:
    """Adapters that know the log groups."""
    groups = {"function_log_group": finance.FUNCTIONS, "access_log_group": finance.ACCESS}
    with container_for(database, redis, **groups) as made:
        yield made


def test_the_sample_event_collects_costs(shop: Gateway, container: Container) -> None:
    finance.load(container.settings.database_url)
    at = datetime.now(UTC) - timedelta(minutes=1)
    logs = FakeLogs()
    logs.put(invocation("cart/get_cart", "r", at), group=finance.FUNCTIONS)
    logs.put(access("a", at, invocation="r"), group=finance.ACCESS)
    container.environment.put(parts.log_reader, logs)
    event = json.loads((CHECKOUT / "events/finance/collect_costs.json").read_text())
    counts = shop.invoke("finance/collect_costs", event)
    assert (counts["events"], counts["new"]) == (3, 3)
    assert query(container.settings.database_url, "SELECT DISTINCT function FROM cost_lines") == [
        ("cart/get_cart",)
    ]
    assert shop.invoke("finance/collect_costs", event)["new"] == 0
