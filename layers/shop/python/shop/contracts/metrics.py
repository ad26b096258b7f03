"""The one table of metrics that `shop.observability` emits, by name.

Documentation, dashboards, alarms and tests are made from it and from `shop.contracts.aws_metrics`. Every
combination of dimensions is billed as a metric of its own, so what AWS measures without charge is not
measured again:

Latency and errors of the API
    API Gateway measures each stage without charge. Per route it would publish seven billed metrics of each
    ("detailed metrics"), and one of our own would be billed for each as well. The access log has the latency
    and status of every request: a query of it gives the percentiles of each route, exactly, and costs nothing
    until somebody looks.
Depth of each queue
    Amazon MQ measures each without charge. Ours are the two sums, which the laptop has as well.
Memory of functions
    Lambda has no such metric outside of Lambda Insights. Its reports in the functions' log have it.
"""

from typing import Final, Literal

import msgspec

#: Namespace of our own metrics.
NAMESPACE: Final = "Shop"

type MetricName = Literal[
    "OrderConversionRate", "CartAbandonmentRate", "AverageOrderValue", "InventoryTurnover", "RevenueHourly",
    "RevenueDaily", "OutboxOldestAge", "QueueDepth", "DeadLettersWaiting", "DatabaseConnections",
    "PaymentsInDoubt", "CacheHits", "CacheMisses", "ReservationsExpired", "DeadLetters", "MessageRetries",
    "EmailsRefused", "RefundsRefused", "RefundsFailed", "PaidOrdersWithoutHold", "SearchFallbacks",
    "SearchIndexLag",
]  # fmt: skip
#: CloudWatch's; it has none for currencies.
type Unit = Literal["Count", "Seconds", "Milliseconds", "Percent", "Bytes", "None"]
#: Who emits it: ``collect_metrics`` every five minutes, or the code in which it happens.
type Source = Literal["collector", "event"]


class Metric(msgspec.Struct, frozen=True):
    """A metric of ours.

    Attributes
    ----------
    formula : str
        What it is, exactly.
    healthy : str
        What is normal.
    """

    unit: Unit
    source: Source
    formula: str
    healthy: str
    dimensions: tuple[str, ...] = ()


METRICS: Final[dict[MetricName, Metric]] = {
    "OrderConversionRate": Metric(
        "Percent", "collector",
        "carts begun in the last 24 hours that were bought and paid, of all that were begun", "as usual",
    ),
    "CartAbandonmentRate": Metric(
        "Percent", "collector",
        "carts abandoned (not touched for a day) in the last 24 hours, of those abandoned or bought",
        "as usual",
    ),
    "AverageOrderValue": Metric(
        "None", "collector",
        "total of the orders paid in the last 24 hours, divided by their number; in the shop's currency",
        "as usual",
    ),
    "InventoryTurnover": Metric(
        "None", "collector",
        "units sold in the last 24 hours, divided by the average of units on hand", "as usual",
    ),
    "RevenueHourly": Metric(
        "None", "collector",
        "total of the orders paid since the hour began; its maximum is the hour's revenue", "as usual",
    ),
    "RevenueDaily": Metric(
        "None", "collector",
        "total of the orders paid since midnight UTC; its maximum is the day's revenue", "as usual",
    ),
    "OutboxOldestAge": Metric(
        "Seconds", "event", "age of the oldest unpublished event, each minute", "below 60",
    ),
    "QueueDepth": Metric(
        "Count", "collector", "messages ready in all queues of consumers", "near 0",
    ),
    "DeadLettersWaiting": Metric(
        "Count", "collector", "messages in all dead-letter queues", "0",
    ),
    "DatabaseConnections": Metric(
        "Count", "collector", "connections of clients to the database, as PostgreSQL counts them",
        "below 80% of `max_connections`",
    ),
    "PaymentsInDoubt": Metric(
        "Count", "collector", "payments whose outcome has been unknown for two minutes", "0",
    ),
    "CacheHits": Metric(
        "Count", "event", "answers found in the function's memory or in Redis, summed for a minute or longer",
        "most lookups", ("layer",),
    ),
    "CacheMisses": Metric(
        "Count", "event", "lookups without a cached answer, summed in the same way", "few", ("layer",),
    ),
    "ReservationsExpired": Metric(
        "Count", "event", "orders whose hold expired because they were not paid in time", "as usual",
    ),
    "DeadLetters": Metric("Count", "event", "messages dead-lettered", "0", ("queue",)),
    "MessageRetries": Metric(
        "Count", "event", "failed attempts at messages that will be retried", "0, occasionally a few",
        ("queue",),
    ),
    "EmailsRefused": Metric(
        "Count", "event", "e-mails whose recipient SES refuses", "few", ("reason",),
    ),
    "RefundsRefused": Metric("Count", "event", "refunds that Stripe refuses", "0"),
    "RefundsFailed": Metric("Count", "event", "refunds that failed after Stripe had accepted them", "0"),
    "PaidOrdersWithoutHold": Metric(
        "Count", "event", "orders paid after their hold had ended; they are refunded", "0",
    ),
    "SearchFallbacks": Metric(
        "Count", "event", "searches that PostgreSQL answered because OpenSearch failed", "0",
    ),
    "SearchIndexLag": Metric(
        "Seconds", "event", "age of the oldest change in a batch when the search index has it", "below 60",
    ),
}  # fmt: skip
