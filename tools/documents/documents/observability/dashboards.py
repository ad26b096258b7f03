"""The three dashboards: business, technical, infrastructure."""

from typing import Final

from documents.observability.panels import (
    Dashboard,
    Expression,
    Line,
    Panel,
    Search,
    Table,
    ours,
    ours_by_dimension,
)

_FUNCTIONS: Final = "/${ApplicationStack}/functions"
_ACCESS: Final = "/${ApplicationStack}/access"
_API: Final = (("ApiName", "${ApiName}"), ("Stage", "prod"))
_BROKER: Final = (("Broker", "${BrokerName}"),)
_QUEUE: Final = ("Broker", "VirtualHost", "Queue")
_CLUSTER: Final = (("DBClusterIdentifier", "${DatabaseCluster}"),)
_CACHE: Final = (("CacheClusterId", "${CacheCluster}"),)
_SEARCH: Final = (("DomainName", "${SearchDomain}"), ("ClientId", "${Account}"))
_NAT: Final = (("NatGatewayId", "${NatGateway}"),)
_CDN: Final = (("DistributionId", "${Distribution}"), ("Region", "Global"))
_FIRINGS: Final = (("QueueName", "${ScheduleDeadLetters}"),)
_CHECKOUT: Final = (("StateMachineArn", "${CheckoutArn}"),)

_BUSINESS: Final = Dashboard(
    "business",
    "Business",
    (
        Panel("Revenue by hour", (ours("RevenueHourly", "Maximum", "revenue"),), "bars", 3600),
        Panel("Revenue by day", (ours("RevenueDaily", "Maximum", "revenue"),), "bars", 86400),
        Table(
            "Orders of the last 24 hours by status", _FUNCTIONS,
            'filter message = "orders of the last day" | sort @timestamp desc | limit 1'
            " | fields orders.PENDING, orders.PAYMENT_PROCESSING, orders.PAID, orders.CONFIRMED,"
            " orders.PROCESSING, orders.SHIPPED, orders.DELIVERED, orders.CANCELLED",
        ),
        Table(
            "Top products", _FUNCTIONS,
            # A run repeats the hours of the one before: the last figure of each hour counts.
            'filter message = "sold in an hour"'
            " | stats max(sold.units) as hourly_units, max(sold.revenue) as hourly_revenue"
            " by hour, sold.product_id as product_id, sold.name as product"
            " | stats sum(hourly_units) as units, sum(hourly_revenue) as revenue by product_id, product"
            " | sort revenue desc | limit 10",
        ),
        Panel(
            "Conversion and abandonment of the last 24 hours (%)",
            (
                ours("OrderConversionRate", "Average", "carts bought"),
                ours("CartAbandonmentRate", "Average", "carts abandoned"),
            ),
        ),
        Panel("Average order value", (ours("AverageOrderValue", "Average", "last 24 hours"),)),
        Panel("Inventory turnover", (ours("InventoryTurnover", "Average", "last 24 hours"),)),
        Panel(
            "Expired reservations, failed refunds",
            (
                ours("ReservationsExpired", "Sum", "reservations expired"),
                ours("RefundsRefused", "Sum", "refunds refused"),
                ours("RefundsFailed", "Sum", "refunds failed"),
                ours("PaidOrdersWithoutHold", "Sum", "paid without a hold"),
            ),
            "bars",
        ),
    ),
)  # fmt: skip

_TECHNICAL: Final = Dashboard(
    "technical",
    "Technical",
    (
        Panel(
            "Latency of the API (ms)",
            tuple(
                Line("AWS/ApiGateway", "Latency", percentile, percentile, _API)
                for percentile in ("p50", "p95", "p99")
            ),
        ),
        Table(
            "Latency (ms) and errors by route", _ACCESS,
            'filter type = "api.access"'
            " | stats count(*) as requests, pct(latencyMs, 50) as p50, pct(latencyMs, 95) as p95,"
            " pct(latencyMs, 99) as p99, 100 * sum(status >= 400 and status < 500) / count(*) as pct_4xx,"
            " 100 * sum(status >= 500) / count(*) as pct_5xx by method, resourcePath"
            " | sort requests desc | limit 50",
        ),
        Panel("Requests", (Line("AWS/ApiGateway", "Count", "Sum", "requests", _API),), "areas"),
        Panel(
            "Rates of errors",
            (
                Line("AWS/ApiGateway", "4XXError", "Average", "4xx", _API),
                Line("AWS/ApiGateway", "5XXError", "Average", "5xx", _API),
            ),
        ),
        Panel("Connections to the database", (ours("DatabaseConnections", "Maximum", "clients"),)),
        Panel(
            "Cache hit rate by layer (%)",
            (
                ours("CacheHits", "Sum", "hits", id="hits1", layer="memory"),
                ours("CacheMisses", "Sum", "misses", id="misses1", layer="memory"),
                ours("CacheHits", "Sum", "hits", id="hits2", layer="redis"),
                ours("CacheMisses", "Sum", "misses", id="misses2", layer="redis"),
                Expression("100 * hits1 / (hits1 + misses1)", "L1, memory"),
                Expression("100 * hits2 / (hits2 + misses2)", "L2, Redis"),
                Line("AWS/CloudFront", "CacheHitRate", "Average", "L3, CloudFront", _CDN),
            ),
        ),
        Panel(
            "Messages waiting",
            (
                ours("QueueDepth", "Maximum", "in all queues"),
                ours("DeadLettersWaiting", "Maximum", "dead letters"),
            ),
        ),
        Panel(
            "Messages by queue",
            (Search("AWS/AmazonMQ", "MessageCount", "Maximum", _QUEUE, 'Broker="${BrokerName}"'),),
        ),
        Panel(
            "Event lag (s)",
            (
                ours("OutboxOldestAge", "Maximum", "oldest event to publish"),
                ours("SearchIndexLag", "Maximum", "search index"),
            ),
        ),
        Panel(
            "Messages that failed",
            (ours_by_dimension("MessageRetries", "Sum"), ours_by_dimension("DeadLetters", "Sum")),
            "bars",
        ),
        Panel(
            "Payments in doubt, searches without OpenSearch",
            (
                ours("PaymentsInDoubt", "Maximum", "payments in doubt"),
                ours("SearchFallbacks", "Sum", "searches by PostgreSQL"),
            ),
        ),
        Panel("Rejected e-mails by reason", (ours_by_dimension("EmailsRefused", "Sum"),), "bars"),
    ),
)  # fmt: skip


def _by_function(name: str, stat: str) -> Search:
    return Search("AWS/Lambda", name, stat, ("FunctionName",), "FunctionName=${ApplicationStack}")


_INFRASTRUCTURE: Final = Dashboard(
    "infrastructure",
    "Infrastructure",
    (
        Panel("Concurrency of functions", (_by_function("ConcurrentExecutions", "Maximum"),), "areas"),
        Panel("Duration of functions, p95 (ms)", (_by_function("Duration", "p95"),)),
        Panel("Errors of functions", (_by_function("Errors", "Sum"),), "bars"),
        Panel("Throttles of functions", (_by_function("Throttles", "Sum"),), "bars"),
        Panel(
            "Errors and throttles of the account",
            (
                Line("AWS/Lambda", "Errors", "Sum", "errors"),
                Line("AWS/Lambda", "Throttles", "Sum", "throttles"),
            ),
            "bars",
        ),
        Table(
            "Memory of functions (MB)", _FUNCTIONS,
            'filter type = "platform.report"'
            " | stats max(record.metrics.maxMemoryUsedMB) as used, max(record.metrics.memorySizeMB) as size,"
            " count(record.metrics.initDurationMs) as cold_starts, count(*) as invocations by @logStream"
            " | sort used desc | limit 50",
        ),
        Panel(
            "Checkout's state machine",
            (
                Line("AWS/States", "ExecutionsFailed", "Sum", "failed", _CHECKOUT),
                Line("AWS/States", "ExecutionsTimedOut", "Sum", "timed out", _CHECKOUT),
            ),
            "bars",
        ),
        Panel(
            "Broker",
            (
                Line("AWS/AmazonMQ", "SystemCpuUtilization", "Maximum", "CPU (%)", _BROKER),
                Line("AWS/AmazonMQ", "ConnectionCount", "Maximum", "connections", _BROKER),
            ),
        ),
        Panel(
            "Broker: memory and disk (bytes)",
            (
                Line("AWS/AmazonMQ", "RabbitMQMemUsed", "Maximum", "memory used", _BROKER),
                Line("AWS/AmazonMQ", "RabbitMQDiskFree", "Minimum", "disk free", _BROKER),
            ),
        ),
        Panel(
            "Database",
            (
                Line("AWS/RDS", "CPUUtilization", "Maximum", "CPU (%)", _CLUSTER),
                Line("AWS/RDS", "DatabaseConnections", "Maximum", "connections", _CLUSTER),
                Line("AWS/RDS", "CommitLatency", "Average", "commit (ms)", _CLUSTER),
                Line("AWS/RDS", "Deadlocks", "Maximum", "deadlocks a second", _CLUSTER),
            ),
        ),
        Panel(
            "Database: memory left (bytes)",
            (Line("AWS/RDS", "FreeableMemory", "Minimum", "free", _CLUSTER),),
        ),
        Panel(
            "Cache",
            (
                Line("AWS/ElastiCache", "EngineCPUUtilization", "Maximum", "CPU (%)", _CACHE),
                Line("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Maximum", "memory (%)", _CACHE),
                Line("AWS/ElastiCache", "CurrConnections", "Maximum", "connections", _CACHE),
                Line("AWS/ElastiCache", "Evictions", "Sum", "evictions", _CACHE),
            ),
        ),
        Panel(
            "Search domain",
            (
                Line("AWS/ES", "CPUUtilization", "Maximum", "CPU (%)", _SEARCH),
                Line("AWS/ES", "JVMMemoryPressure", "Maximum", "Java heap (%)", _SEARCH),
            ),
        ),
        Panel(
            "Search domain: disk left (MB)",
            (Line("AWS/ES", "FreeStorageSpace", "Minimum", "free", _SEARCH),),
        ),
        Panel(
            "Firings of schedules that were not delivered",
            (
                Line(
                    "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "waiting", _FIRINGS,
                ),
            ),
        ),
        Panel(
            "Network (bytes)",
            (
                Line("AWS/NATGateway", "BytesOutToDestination", "Sum", "to the internet", _NAT),
                Line("AWS/NATGateway", "BytesInFromDestination", "Sum", "from the internet", _NAT),
                Line("AWS/RDS", "NetworkThroughput", "Average", "database, a second", _CLUSTER),
            ),
        ),
        Panel(
            "Network: requests to the CDN, port allocation errors of the NAT gateway",
            (
                Line("AWS/CloudFront", "Requests", "Sum", "requests to the CDN", _CDN),
                Line("AWS/NATGateway", "ErrorPortAllocation", "Sum", "no port left", _NAT),
            ),
        ),
    ),
)  # fmt: skip

DASHBOARDS: Final = (_BUSINESS, _TECHNICAL, _INFRASTRUCTURE)
