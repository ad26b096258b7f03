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
    """Put Swagger UI into the page, which loads nothing but the contract; return its policy, too."""
    folder = Path(__file__).parent
    style, script = (
        (folder / "viewer" / name).read_text()
        for name in ("swagger-ui.css", "swagger-ui-bundle.js")
    )
    page = (folder / "docs.html").read_text().format(style=style, script=script)
    return page, page_policy(page)
