"""The number of the shop's metrics that CloudWatch bills: one for every combination of dimensions."""

from math import prod
from typing import Final

from shop.contracts.events import CONSUMERS
from shop.contracts.metrics import METRICS

#: Number of values of each dimension: memory and redis, the consumers' queues, and SES's reasons for
#: rejection.
DIMENSION_VALUES: Final = {"layer": 2, "queue": len(CONSUMERS), "reason": 2}


def billed_metrics() -> int:
    """Count them, as if each were emitted all month long; an hour without it is not billed."""
    return sum(
        prod(DIMENSION_VALUES[dimension] for dimension in metric.dimensions)
        for metric in METRICS.values()
    )
