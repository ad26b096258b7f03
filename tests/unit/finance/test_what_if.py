"""What-if: another memory size, architecture or region, computed from recorded invocations."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.costs import Price, PriceList, PriceMissing
from shop.services.finance import what_if
from shop.services.finance.views import CostLine
from shop.services.finance.what_if import Change, InvalidChange, duration_ms

_PRICES = {
    "lambda_duration.x86_64": "0.0000166667",
    "lambda_duration.arm64": "0.0000133334",
    "lambda_request": "0.0000002",
}


def prices(**changes: str | None) -> PriceList:
    """Build a price list."""
    known = {key: amount for key, amount in (_PRICES | changes).items() if amount is not None}
    made = {
        key: Price(key, "unit", Decimal(amount), "USD", "all", "https://a", date(2026, 6, 30))
        for key, amount in known.items()
    }
    return PriceList("us-east-1", "2026-06-30", made)


def invocation(
    name: str = "orders/checkout", milliseconds: int = 100, **more: Any
) -> list[CostLine]:
    """Build the two lines of an invocation with 1,024 MB."""
    memory = more.pop("memory_mb", 1024)
    quantity = Decimal(memory * milliseconds) / Decimal(1024 * 1000)
    common = {
        "request_id": "r", "name": name, "at": datetime.now(UTC), "currency": "USD",
        "price_version": "2026-06-30", "cold_start": False, "retry": False, "memory_mb": memory,
        "duration_ms": Decimal(milliseconds), "init_ms": None, "architecture": "x86_64",
        "function": name, "service": None, "flow": None, "route": None, "status": None,
        "outcome": None, "order_ids": (),
    } | more  # fmt: skip
    price = Decimal(_PRICES["lambda_duration.x86_64"])
    request = Decimal(_PRICES["lambda_request"])
    return [
        CostLine(
            item_id="d", kind="lambda_duration", unit="GB-second", quantity=quantity,
            unit_price=price, amount=quantity * price, **common,
        ),
        CostLine(
            item_id="q", kind="lambda_request", unit="request", quantity=Decimal(1),
            unit_price=request, amount=request, **common,
        ),
    ]  # fmt: skip


def test_half_the_memory_doubles_the_time_that_computes_and_leaves_the_time_that_waits() -> None:
    half = Change(memory_mb=512, cpu_share=Decimal("0.6"))
    found = what_if.recompute(invocation(), half, prices())
    (checkout,) = found.functions
    assert checkout.now.billed_ms == 100
    # 40 ms wait; 60 ms compute at 1,024 MB, and 120 ms at 512 MB.
    assert checkout.then.billed_ms == 160
    assert checkout.now.amount == Decimal("0.1") * Decimal("0.0000166667") + Decimal("0.0000002")
    assert checkout.then.amount == Decimal("0.08") * Decimal("0.0000166667") + Decimal("0.0000002")
    assert checkout.difference == checkout.then.amount - checkout.now.amount < 0


def test_init_computes() -> None:
    change = Change(memory_mb=512, cpu_share=Decimal(0))
    assert duration_ms(Decimal(100), Decimal(70), 1024, change) == 170


def test_one_thread_uses_no_more_than_one_vcpu() -> None:
    computing = Change(memory_mb=1769, cpu_share=Decimal(1))
    assert duration_ms(Decimal(200), None, 1024, computing) == 116
    assert duration_ms(Decimal(200), None, 1024, computing._replace(memory_mb=10_240)) == 116
    assert duration_ms(Decimal(200), None, 3008, computing) == 200


def test_architecture_changes_the_price_only() -> None:
    found = what_if.recompute(invocation(), Change(architecture="arm64"), prices())
    assert found.total.now.billed_ms == found.total.then.billed_ms
    assert found.total.then.amount == Decimal("0.1") * Decimal("0.0000133334") + Decimal(
        "0.0000002"
    )


def test_one_function_of_several_and_the_most_expensive_first() -> None:
    lines = [*invocation("cart/get_cart", 5), *invocation("orders/checkout", 50)]
    every = what_if.recompute(lines, Change(memory_mb=512), prices())
    assert [each.function for each in every.functions] == ["orders/checkout", "cart/get_cart"]
    assert every.total.now.amount == sum(each.now.amount for each in every.functions)
    assert every.total.then.amount == sum(each.then.amount for each in every.functions)
    one = what_if.recompute(lines, Change(memory_mb=512, function="cart/get_cart"), prices())
    assert [each.function for each in one.functions] == ["cart/get_cart"]
    assert one.total.invocations == 1


def test_a_price_that_is_missing_is_named() -> None:
    without = prices(**{"lambda_duration.arm64": None})
    with pytest.raises(PriceMissing, match=r"lambda_duration\.arm64"):
        what_if.recompute(invocation(), Change(architecture="arm64"), without)


@pytest.mark.parametrize("function", [None, "cart/get_cart"])
def test_nothing_recorded_is_an_error_and_not_zero(function: str | None) -> None:
    with pytest.raises(InvalidChange, match=function or "no invocation has been recorded"):
        what_if.recompute(
            invocation() if function else [], Change(memory_mb=512, function=function), prices()
        )


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ({"memory": "127"}, "between 128 and 10240"),
        ({"memory": "10241"}, "between 128 and 10240"),
        ({"memory": "1 GB"}, "whole number"),
        ({"memory": "-512"}, "whole number"),
        ({"architecture": "sparc"}, "ARCH=sparc"),
        ({"function": "orders/nothing"}, "FUNCTION=orders/nothing"),
        ({"cpu_share": "1.1"}, "CPU_SHARE=1.1"),
        ({"cpu_share": "most"}, "CPU_SHARE=most"),
        ({"cpu_share": "NaN"}, "CPU_SHARE=NaN"),
    ],
)
def test_a_wrong_parameter_is_named(given_: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidChange, match=named):
        what_if.change(**given_)


def test_what_is_not_given_stays_and_what_is_assumed_is_said() -> None:
    assert what_if.change() == Change()
    changed = what_if.change(memory="512", architecture="arm64", cpu_share="0.25")
    assert changed == Change(512, "arm64", None, Decimal("0.25"))
    said = "\n".join(what_if.assumptions(changed))
    for part in ("25 %", "1,769 MB", "configuration-memory.html", "512 MB", "architecture"):
        assert part in said
    assert "CPU_SHARE" not in "\n".join(what_if.assumptions(Change(architecture="arm64")))


_billed = st.integers(1, 60_000).map(Decimal)
_memory = st.integers(128, 10_240)
_share = st.decimals(0, 1, places=2)


@given(billed=_billed, recorded=_memory, wanted=_memory, share=_share, part=_share)
def test_more_memory_is_never_slower_and_waiting_never_shrinks(
    billed: Decimal, recorded: int, wanted: int, share: Decimal, part: Decimal
) -> None:
    init = billed * part
    then = duration_ms(billed, init, recorded, Change(memory_mb=wanted, cpu_share=share))
    waiting = (billed - init) * (1 - share)
    assert then >= waiting
    if wanted >= recorded:
        assert then <= billed
    else:
        assert then >= billed


@given(billed=_billed, memory=_memory, share=_share)
def test_the_recorded_memory_changes_nothing(billed: Decimal, memory: int, share: Decimal) -> None:
    same = Change(memory_mb=memory, cpu_share=share)
    lines = invocation(milliseconds=int(billed), memory_mb=memory)
    found = what_if.recompute(lines, same, prices())
    assert found.total.then == found.total.now
    assert found.total.difference == 0


@given(billed=st.integers(1, 10_000), recorded=_memory, wanted=_memory, share=_share)
def test_computing_costs_the_same_at_any_size_below_one_vcpu(
    billed: int, recorded: int, wanted: int, share: Decimal
) -> None:
    recorded, wanted = min(recorded, what_if.VCPU_MB), min(wanted, what_if.VCPU_MB)
    then = duration_ms(
        Decimal(billed), None, recorded, Change(memory_mb=wanted, cpu_share=Decimal(1))
    )
    # Rounded up to the next millisecond, which is one times the memory at most.
    assert 0 <= then * wanted - billed * recorded < wanted
