"""The number of the shop's metrics that CloudWatch bills: one for every combination of dimensions."""

from math import prod
from typing import Final

from shop.contracts.events import CONSUMERS, queue_name
from shop.contracts.metrics import METRICS

#: The values of each dimension.
DIMENSION_VALUES: Final = {
    "layer": ("memory", "redis"),
    "queue": tuple(queue_name(*consumer) for consumer in CONSUMERS),
    "reason": ("LocalPartNotAscii", "MessageRejected", "InvalidParameterValue"),
}


def billed_metrics() -> int:
    """Count them, as if each were emitted all month long; an hour without it is not billed."""
    return sum(
        prod(len(DIMENSION_VALUES[dimension]) for dimension in metric.dimensions)
        for metric in METRICS.values()
    )
