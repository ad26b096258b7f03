"""GET /api/health: the health of the shop and of the servers it needs."""

from shop.bootstrap.health import dependencies
from shop.contracts.http.platform import HealthView
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.platform import health


@endpoint(answer=HealthView, further_statuses=(503,), response_headers=("Retry-After",))
def handler(_request: Request[None, None]) -> Answer:
    """Check every server; 503 if a required one is unavailable."""
    view = health.report(health.examine(dependencies()))
    headers = {"Cache-Control": "no-store"}
    if view.status != "down":
        return Answer(view, 200, headers)
    return Answer(view, 503, {**headers, "Retry-After": "2"})
