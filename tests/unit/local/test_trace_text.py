"""A story in a terminal: aligned, no wider than it, without control characters."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shop_local.trace import text
from shop_local.trace.story import Node, Story, amounts

_BEGUN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def _story(name: str = "POST /api/orders/checkout") -> Story:
    function = Node(
        "function", "orders/checkout", _BEGUN + timedelta(milliseconds=12), "cold",
        Decimal(2467), Decimal("0.00004"), [Node("event", "event order.created", _BEGUN)],
    )  # fmt: skip
    request = Node("request", name, _BEGUN, "201", None, Decimal("0.0000035"), [function])
    tree = Node("order", "order 1", _BEGUN, "PENDING  1.00 USD", children=[request, function])
    states = ("PENDING", "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING", "SHIPPED")
    timeline = [(_BEGUN + timedelta(seconds=number), name) for number, name in enumerate(states)]
    return Story("1", "c", Decimal("0.0000835"), False, timeline, tree)


def test_a_tree_with_durations_and_costs() -> None:
    shown = text.story(_story(), 100).splitlines()
    tree = [line for line in shown if "─ " in line or "total" in line]
    assert [line.split("  ")[0] for line in tree[:2]] == [
        "├─ POST /api/orders/checkout", "│",
    ]  # fmt: skip
    assert tree[1].startswith("│  └─ orders/checkout  cold")
    assert tree[1].endswith("+0.012 s    2,467   0.000040000")
    assert tree[2].startswith("│     └─ event order.created")
    assert tree[3].startswith("└─ orders/checkout")
    assert tree[-1].endswith("0.000083500")
    assert amounts(_story().tree) == _story().total
    assert "not complete yet" in shown[-1]


@pytest.mark.parametrize(("width", "limit"), [(20, 80), (80, 80), (100, 100), (500, 120)])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int, limit: int) -> None:
    path = "very/" * 40 + "long"
    shown = text.story(_story(f"GET /{path}"), width)
    assert max(map(len, shown.splitlines())) <= limit
    tree = [line for line in shown.splitlines() if "very/" in line or "long" in line]
    assert path in "".join(line.replace("│", "").split("+0")[0].strip() for line in tree)
    assert "\x1b" not in shown
