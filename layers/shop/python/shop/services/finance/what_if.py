"""What recorded invocations would have cost with another memory size, architecture or region.

Lambda gives a function CPU in proportion to its memory: one vCPU at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). Time in which a function computes
is scaled by that; time in which it waits stays.
"""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from shop.domain.costs import EXACT, Architecture, Kind, PriceList, times, total
from shop.domain.flows import FLOWS
from shop.services.finance.assumptions import LIST_PRICES
from shop.services.finance.views import CostLine

#: Limits of Lambda's memory size.
MINIMUM_MB: Final = 128
MAXIMUM_MB: Final = 10_240
#: Memory at which a function has one vCPU; one thread cannot use more.
VCPU_MB: Final = 1_769
ARCHITECTURES: Final[tuple[Architecture, ...]] = ("x86_64", "arm64")
#: Share of a handler's duration in which it computes, where nobody has measured it.
CPU_SHARE: Final = Decimal("0.6")
#: Megabyte-milliseconds of a GB-second.
_GB_SECOND: Final = Decimal(1024 * 1000)
_NOTHING: Final = Decimal(0)
_DOCUMENTATION: Final = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"


class InvalidChange(Exception):
    """A change that cannot be computed; the message names the parameter."""


class Change(NamedTuple):
    """What is changed; None leaves it as it was recorded.

    Attributes
    ----------
    function : str or None
        The only function to look at; None looks at all.
    cpu_share : Decimal
        Share of a handler's duration in which it computes.
    """

    memory_mb: int | None = None
    architecture: Architecture | None = None
    function: str | None = None
    cpu_share: Decimal = CPU_SHARE


class Side(NamedTuple):
    """Invocations as they were, or as they would have been.

    Attributes
    ----------
    billed_ms : int
        Of all invocations together.
    amount : Decimal
        For requests and duration.
    """

    billed_ms: int
    amount: Decimal


class Comparison(NamedTuple):
    """The invocations of one function, or of all."""

    function: str
    invocations: int
    now: Side
    then: Side

    @property
    def difference(self) -> Decimal:
        """What the change adds; negative if it saves."""
        return EXACT.subtract(self.then.amount, self.now.amount)


class WhatIf(NamedTuple):
    """The result of a change.

    Attributes
    ----------
    functions : sequence of Comparison
        The one that costs most now comes first.
    assumptions : sequence of str
        What was not measured.
    """

    functions: Sequence[Comparison]
    total: Comparison
    assumptions: Sequence[str]


def change(
    *, memory: str = "", architecture: str = "", function: str = "", cpu_share: str = ""
) -> Change:
    """Read a change from text; an empty parameter leaves what it names as it was recorded.

    Raises
    ------
    InvalidChange
        If a parameter is malformed or out of range.
    """
    if architecture not in ("", *ARCHITECTURES):
        raise InvalidChange(f"ARCH={architecture} is not one of {', '.join(ARCHITECTURES)}")
    if function and function not in FLOWS:
        raise InvalidChange(f"FUNCTION={function} is none; there are: {', '.join(sorted(FLOWS))}")
    return Change(
        _memory(memory) if memory else None,
        next((known for known in ARCHITECTURES if known == architecture), None),
        function or None,
        _share(cpu_share) if cpu_share else CPU_SHARE,
    )


def recompute(lines: Iterable[CostLine], changed: Change, prices: PriceList) -> WhatIf:
    """Compare what recorded invocations cost with what they would have cost.

    Parameters
    ----------
    lines : iterable of CostLine
        Of any kinds; only those of Lambda functions count.
    prices : PriceList
        With which the changed cost is computed.

    Raises
    ------
    InvalidChange
        If no invocation was recorded.
    PriceMissing
        If a price that is needed is not in the list.
    """
    found: dict[str, list[CostLine]] = {}
    for line in lines:
        name = line.function or line.name
        if line.kind in (Kind.LAMBDA_DURATION, Kind.LAMBDA_REQUEST) and changed.function in (
            None,
            name,
        ):
            found.setdefault(name, []).append(line)
    if not found:
        named = f" of {changed.function}" if changed.function else ""
        raise InvalidChange(f"no invocation{named} has been recorded; use the shop, then try again")
    functions = [_compared(name, of, changed, prices) for name, of in found.items()]
    functions.sort(key=lambda each: (-each.now.amount, each.function))
    return WhatIf(functions, _sum(functions), assumptions(changed))


def duration_ms(
    billed_ms: Decimal, init_ms: Decimal | None, memory_mb: int, changed: Change
) -> int:
    """Give the billed duration that an invocation would have had.

    INIT, which imports modules, counts as computing; of the rest, `cpu_share` does.
    """
    if changed.memory_mb is None:
        return math.ceil(billed_ms)
    billed = Fraction(billed_ms)
    init = min(Fraction(init_ms or 0), billed)
    computing = init + (billed - init) * Fraction(changed.cpu_share)
    slower = _vcpus(memory_mb) / _vcpus(changed.memory_mb)
    return math.ceil(billed - computing + computing * slower)


def assumptions(changed: Change) -> list[str]:
    """Say what a computation assumes."""
    said = [
        (
            "Recorded durations are those of the machine on which the functions ran. On a laptop a process"
            " gets a whole core whatever its memory size: compare, do not budget."
        ),
        "Requests cost the same; API Gateway, Step Functions, log bytes and e-mails are left out.",
        LIST_PRICES,
    ]
    if changed.memory_mb is not None:
        said += [
            (
                f"{_percent(changed.cpu_share)} % of a handler's duration is computing, which nobody has"
                " measured (CPU_SHARE= sets it); INIT is computing; the rest is waiting and stays."
            ),
            (
                f"CPU is proportional to memory, one vCPU at {VCPU_MB:,} MB, and one thread uses no more than"
                f" one: {_DOCUMENTATION}"
            ),
            f"{changed.memory_mb:,} MB are enough: the ledger does not record how much memory was used.",
        ]
    if changed.architecture is not None:
        said.append("A vCPU of either architecture takes as long for the same work.")
    return said


def _compared(
    name: str, lines: Sequence[CostLine], changed: Change, prices: PriceList
) -> Comparison:
    durations = [line for line in lines if line.kind == Kind.LAMBDA_DURATION]
    requests = [line for line in lines if line.kind == Kind.LAMBDA_REQUEST]
    per_request = prices.price(Kind.LAMBDA_REQUEST.price_key()).amount
    then_ms, then = 0, [times(line.quantity, per_request) for line in requests]
    for line in durations:
        if line.duration_ms is None or line.memory_mb is None:
            raise InvalidChange(f"{line.item_id} is recorded without its duration or memory size")
        architecture = changed.architecture or line.architecture
        price = prices.price(Kind.LAMBDA_DURATION.price_key(architecture)).amount
        lasting = duration_ms(line.duration_ms, line.init_ms, line.memory_mb, changed)
        megabytes = Decimal(changed.memory_mb or line.memory_mb)
        then_ms += lasting
        then.append(times(EXACT.divide(megabytes * lasting, _GB_SECOND), price))
    return Comparison(
        name,
        len(requests),
        Side(
            sum(math.ceil(line.duration_ms or 0) for line in durations),
            total(line.amount for line in lines),
        ),
        Side(then_ms, total(then)),
    )


def _sum(functions: Sequence[Comparison]) -> Comparison:
    return Comparison(
        "total",
        sum(each.invocations for each in functions),
        Side(
            sum(each.now.billed_ms for each in functions),
            total(each.now.amount for each in functions),
        ),
        Side(
            sum(each.then.billed_ms for each in functions),
            total(each.then.amount for each in functions),
        ),
    )


def _vcpus(memory_mb: int) -> Fraction:
    """Give the share of a vCPU that one thread gets."""
    return min(Fraction(memory_mb, VCPU_MB), Fraction(1))


def _memory(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise InvalidChange(f"MEMORY={text} is not a whole number of MB")
    if not MINIMUM_MB <= (megabytes := int(text)) <= MAXIMUM_MB:
        raise InvalidChange(f"MEMORY={text} is not between {MINIMUM_MB} and {MAXIMUM_MB} MB")
    return megabytes


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text)
    except ArithmeticError:
        share = Decimal("NaN")
    if not share.is_finite() or not _NOTHING <= share <= 1:
        raise InvalidChange(f"CPU_SHARE={text} is not a number between 0 and 1")
    return share


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"
