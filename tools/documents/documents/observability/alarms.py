"""The alarms, each with its section of the runbook."""

from typing import Final, Literal, NamedTuple

from documents.observability.panels import Line, ours

_API: Final = (("ApiName", "${ApiName}"), ("Stage", "prod"))


class Alarm(NamedTuple):
    """A condition that notifies staff.

    Attributes
    ----------
    threshold : float or str
        A number, or the name of the parameter that contains it.
    periods : int
        Number of consecutive periods.
    runbook : str
        Heading in docs/runbook.md, as the fragment of its address.
    missing : str
        How missing data is treated.
    needs : str
        The parameter that the alarm requires.
    """

    name: str
    line: Line
    threshold: float | str
    meaning: str
    runbook: str
    seconds: int = 300
    periods: int = 1
    missing: Literal["notBreaching", "breaching"] = "notBreaching"
    below: bool = False
    needs: str = ""


ALARMS: Final = (
    Alarm(
        "ApiErrors", Line("AWS/ApiGateway", "5XXError", "Average", "", _API), 0.01,
        "more than 1% of the requests fail", "a-server-is-unavailable", periods=2,
    ),
    Alarm(
        "ApiLatency", Line("AWS/ApiGateway", "Latency", "p99", "", _API), 3000,
        "one request in a hundred takes longer than 3 s", "the-api-is-slow", periods=3,
    ),
    Alarm(
        "FunctionErrors", Line("AWS/Lambda", "Errors", "Sum", ""), 5,
        "invocations fail with an exception, a time-out or exhausted memory",
        "functions-fail-or-are-throttled",
        periods=2,
    ),
    Alarm(
        "FunctionThrottles", Line("AWS/Lambda", "Throttles", "Sum", ""), 0,
        "the account's concurrency limit is reached", "functions-fail-or-are-throttled", periods=2,
    ),
    Alarm(
        "CheckoutTimeouts",
        Line("AWS/States", "ExecutionsTimedOut", "Sum", "", (("StateMachineArn", "${CheckoutArn}"),)), 0,
        "checkouts time out", "a-server-is-unavailable", needs="CheckoutArn",
    ),
    Alarm(
        "OutboxAge", ours("OutboxOldestAge", "Maximum", ""), 120,
        "events stay unpublished for two minutes, or the relay does not run", "the-outbox-grows", seconds=60,
        periods=3, missing="breaching",
    ),
    Alarm(
        "DeadLetters", ours("DeadLettersWaiting", "Maximum", ""), 0,
        "a consumer could not process a message", "dead-letters",
    ),
    Alarm(
        "UndeliveredFirings",
        Line(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "",
            (("QueueName", "${ScheduleDeadLetters}"),),
        ),
        0, "EventBridge Scheduler could not start a scheduled function", "a-schedule-does-not-fire",
        needs="ScheduleDeadLetters",
    ),
    Alarm(
        "QueueDepth", ours("QueueDepth", "Minimum", ""), 1000,
        "consumers do not keep up, or do not run", "queues-grow", periods=3,
    ),
    Alarm(
        "DatabaseConnections", ours("DatabaseConnections", "Maximum", ""), "DatabaseConnectionsLimit",
        "connections are nearly exhausted, or the metrics collector does not run", "connections-run-out",
        periods=3, missing="breaching",
    ),
    Alarm(
        "PaymentsInDoubt", ours("PaymentsInDoubt", "Minimum", ""), 0,
        "the outcome of a payment has been unknown for 15 minutes", "reconcile-reports-unknown",
        periods=3,
    ),
    Alarm(
        "RefundsRefused", ours("RefundsRefused", "Sum", ""), 0,
        "Stripe rejects a refund", "a-refund-is-refused-or-fails-later",
    ),
    Alarm(
        "RefundsFailed", ours("RefundsFailed", "Sum", ""), 0,
        "a refund failed after Stripe had accepted it", "a-refund-is-refused-or-fails-later",
    ),
    Alarm(
        "PaidOrdersWithoutHold", ours("PaidOrdersWithoutHold", "Sum", ""), 0,
        "an order was paid after its hold had ended; it is refunded", "stock-looks-wrong",
    ),
    Alarm(
        "SearchFallbacks", ours("SearchFallbacks", "Sum", ""), 50,
        "PostgreSQL serves search because OpenSearch fails", "a-server-is-unavailable", periods=2,
    ),
    Alarm(
        "SearchIndexLag", ours("SearchIndexLag", "Maximum", ""), 300,
        "search is five minutes behind the catalog", "queues-grow", periods=2,
    ),
    Alarm(
        "DatabaseCpu",
        Line("AWS/RDS", "CPUUtilization", "Average", "", (("DBClusterIdentifier", "${DatabaseCluster}"),)),
        80,
        "the database's CPU is at its limit", "the-api-is-slow", periods=3, needs="DatabaseCluster",
    ),
    Alarm(
        "CacheMemory",
        Line(
            "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Maximum", "",
            (("CacheClusterId", "${CacheCluster}"),),
        ),
        80, "the cache, which stores carts and sessions, is nearly full", "the-cache-is-nearly-full",
        periods=3, needs="CacheCluster",
    ),
    Alarm(
        "BrokerDisk", Line("AWS/AmazonMQ", "RabbitMQDiskFree", "Minimum", "", (("Broker", "${BrokerName}"),)),
        2_000_000_000, "less than 2 GB of disk space left; the broker soon refuses messages", "queues-grow",
        below=True, needs="BrokerName",
    ),
    Alarm(
        "NatPorts",
        Line("AWS/NATGateway", "ErrorPortAllocation", "Sum", "", (("NatGatewayId", "${NatGateway}"),)), 0,
        "functions cannot connect to Stripe or AWS", "a-server-is-unavailable", needs="NatGateway",
    ),
)  # fmt: skip
