"""AWS's metrics that the dashboards show; no function needs them, so none imports them."""

from typing import Final

import msgspec


class AwsMetric(msgspec.Struct, frozen=True):
    """A metric of AWS's.

    Attributes
    ----------
    billed : bool
        Whether AWS charges for it.
    """

    namespace: str
    name: str
    dimensions: tuple[str, ...]
    meaning: str
    billed: bool = False


_API: Final = ("ApiName", "Stage")
_BROKER: Final = ("Broker",)
_QUEUE: Final = ("Broker", "VirtualHost", "Queue")
_CLUSTER: Final = ("DBClusterIdentifier",)
_CACHE: Final = ("CacheClusterId",)
_SEARCH: Final = ("DomainName", "ClientId")
_NAT: Final = ("NatGatewayId",)
_CDN: Final = ("DistributionId", "Region")

AWS_METRICS: Final = (
    AwsMetric("AWS/ApiGateway", "Count", _API, "requests"),
    AwsMetric("AWS/ApiGateway", "Latency", _API, "from request to answer, p50, p95 and p99"),
    AwsMetric("AWS/ApiGateway", "4XXError", _API, "requests refused; its average is the rate"),
    AwsMetric("AWS/ApiGateway", "5XXError", _API, "requests failed; its average is the rate"),
    AwsMetric("AWS/Lambda", "ConcurrentExecutions", ("FunctionName",), "executions at one time"),
    AwsMetric("AWS/Lambda", "Duration", ("FunctionName",), "duration of invocations, by function"),
    AwsMetric("AWS/Lambda", "Errors", ("FunctionName",), "invocations that failed"),
    AwsMetric("AWS/Lambda", "Throttles", ("FunctionName",), "throttled invocations"),
    AwsMetric("AWS/Lambda", "Errors", (), "failed invocations in the account and region"),
    AwsMetric("AWS/Lambda", "Throttles", (), "throttled invocations in the account and region"),
    AwsMetric("AWS/States", "ExecutionsFailed", ("StateMachineArn",), "checkouts that failed"),
    AwsMetric("AWS/States", "ExecutionsTimedOut", ("StateMachineArn",), "checkouts that timed out"),
    AwsMetric("AWS/AmazonMQ", "MessageCount", _QUEUE, "messages in each queue"),
    AwsMetric("AWS/AmazonMQ", "ConnectionCount", _BROKER, "connections to the broker"),
    AwsMetric("AWS/AmazonMQ", "SystemCpuUtilization", _BROKER, "CPU of the broker"),
    AwsMetric("AWS/AmazonMQ", "RabbitMQMemUsed", _BROKER, "memory of the broker"),
    AwsMetric("AWS/AmazonMQ", "RabbitMQDiskFree", _BROKER, "disk space left to the broker"),
    AwsMetric("AWS/RDS", "CPUUtilization", _CLUSTER, "CPU of the database"),
    AwsMetric("AWS/RDS", "DatabaseConnections", _CLUSTER, "connections, as Aurora counts them"),
    AwsMetric("AWS/RDS", "FreeableMemory", _CLUSTER, "memory left to the database"),
    AwsMetric("AWS/RDS", "CommitLatency", _CLUSTER, "time of a commit"),
    AwsMetric("AWS/RDS", "Deadlocks", _CLUSTER, "deadlocks a second"),
    AwsMetric("AWS/RDS", "NetworkThroughput", _CLUSTER, "bytes a second to and from clients"),
    AwsMetric("AWS/ElastiCache", "EngineCPUUtilization", _CACHE, "CPU of the cache's main thread"),
    AwsMetric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", _CACHE, "memory of the cache"),
    AwsMetric("AWS/ElastiCache", "CurrConnections", _CACHE, "connections to the cache"),
    AwsMetric("AWS/ElastiCache", "Evictions", _CACHE, "keys evicted because memory was full"),
    AwsMetric("AWS/ES", "CPUUtilization", _SEARCH, "CPU of the search domain"),
    AwsMetric("AWS/ES", "JVMMemoryPressure", _SEARCH, "share of the Java heap in use"),
    AwsMetric("AWS/ES", "FreeStorageSpace", _SEARCH, "disk space left to the search domain"),
    AwsMetric("AWS/NATGateway", "BytesOutToDestination", _NAT, "bytes to the internet"),
    AwsMetric("AWS/NATGateway", "BytesInFromDestination", _NAT, "bytes from the internet"),
    AwsMetric("AWS/NATGateway", "ErrorPortAllocation", _NAT, "connections that got no port"),
    AwsMetric(
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName",),
        "firings of schedules that were not delivered",
    ),
    AwsMetric("AWS/CloudFront", "Requests", _CDN, "requests for images and static files"),
    AwsMetric("AWS/CloudFront", "CacheHitRate", _CDN, "share answered from the edge", billed=True),
)  # fmt: skip
