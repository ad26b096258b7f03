"""GET /api/docs: a page to read the API's contract and try it."""

from functools import cache
from pathlib import Path

from shop.entrypoints.http import Answer, Request, endpoint


@endpoint(answer=str)
def handler(request: Request[None, None]) -> Answer:
    """Read and try the API in a browser."""
    return Answer(_page(), headers={"Content-Type": "text/html; charset=utf-8"})


@cache
def _page() -> str:
    return Path(__file__).with_name("docs.html").read_text()
