"""GET /api/openapi.json: the API's contract, generated from its handlers."""

from functools import cache
from pathlib import Path

from shop.entrypoints.http import Answer, Request, endpoint


@endpoint(answer=dict)
def handler(request: Request[None, None]) -> Answer:
    """Read the contract (OpenAPI 3.1)."""
    return Answer(_document(), headers={"Content-Type": "application/json"})


@cache
def _document() -> str:
    return Path(__file__).with_name("openapi.json").read_text()
