"""GET /api/metrics/business: conversion, abandonment, order value, turnover and revenue of a period."""

from datetime import UTC, datetime

from shop.bootstrap import environment
from shop.bootstrap.business import business_figures
from shop.contracts.http.metrics import BusinessMetrics, MetricsQuery
from shop.domain.sessions import FINANCE, STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.platform.metrics import business_metrics, period_of


@endpoint(query=MetricsQuery, answer=BusinessMetrics, access=only(FINANCE | STAFF))
def handler(request: Request[None, MetricsQuery]) -> Answer:
    """Return the business metrics of a period."""
    period = period_of(request.query.from_, request.query.to, datetime.now(UTC))
    currency = environment().settings.currency
    return Answer(business_metrics(business_figures(), period, currency))
