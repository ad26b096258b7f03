"""GET /api/docs: a page to read the API's contract and try it."""

from functools import cache
from pathlib import Path

from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.security_headers import page_policy


@endpoint(answer=str)
def handler(request: Request[None, None]) -> Answer:
    """Read and try the API in a browser."""
    page, policy = _page()
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return Answer(page, headers=headers)


@cache
def _page() -> tuple[str, str]:
    page = Path(__file__).with_name("docs.html").read_text()
    return page, page_policy(page)
