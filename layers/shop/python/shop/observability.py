"""Structured logs that carry request, correlation and order ids, and never a secret."""

from functools import cache

from aws_lambda_powertools import Logger


@cache
def logger() -> Logger:
    """Give this process's logger; level from POWERTOOLS_LOG_LEVEL, service from POWERTOOLS_SERVICE_NAME."""
    return Logger(use_rfc3339=True, utc=True)
