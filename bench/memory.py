"""Cost and duration of a function by memory size."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bench.measuring import table

SIZES_MB: Final = (256, 512, 1024)
#: Lambda gives one vCPU at this size, in proportion below it ("Configure Lambda function memory").
_ONE_VCPU_MB: Final = 1769
#: x86, us-east-1, US dollars.
_GB_SECOND: Final = 0.0000166667
_TRIP_SECONDS: Final = 0.0005
_COLD_SHARE: Final = 0.01
#: What a function waits for besides PostgreSQL and Redis, in seconds: an estimate of the state machine.
_WAITS: Final = {"orders/checkout": 0.15}


@dataclass(frozen=True)
class Cost:
    """A function's CPU in seconds, and how often a request waits for PostgreSQL and Redis."""

    title: str
    cold: float
    warm: float
    trips: int

    def seconds(self, megabytes: int, cpu: float) -> float:
        """Return the duration of an invocation that needs so much CPU."""
        share = min(1.0, megabytes / _ONE_VCPU_MB)
        return cpu / share + self.trips * _TRIP_SECONDS + _WAITS.get(self.title, 0.0)

    def dollars(self, megabytes: int) -> float:
        """Return the price of the duration of 1,000 requests, INIT included."""
        cold, warm = self.seconds(megabytes, self.cold), self.seconds(megabytes, self.warm)
        duration = _COLD_SHARE * cold + (1 - _COLD_SHARE) * warm
        return 1000 * duration * megabytes / 1024 * _GB_SECOND


def memory_table(costs: Iterable[Cost]) -> None:
    """Print cost and latency at each size."""
    rows = [
        [
            f"{cost.title}, {megabytes:,} MB",
            f"{cost.dollars(megabytes):.5f}",
            f"{cost.seconds(megabytes, cost.warm) * 1000:.0f}",
            f"{cost.seconds(megabytes, cost.cold) * 1000:,.0f}",
        ]
        for cost in costs
        for megabytes in SIZES_MB
    ]
    table(["function", "$", "warm ms", "cold ms"], rows)
