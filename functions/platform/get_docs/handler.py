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
    """Put Swagger UI into the page: it loads nothing but the contract."""
    folder = Path(__file__).parent
    style, script = (
        (folder / "viewer" / name).read_text()
        for name in ("swagger-ui.css", "swagger-ui-bundle.js")
    )
    return (folder / "docs.html").read_text().format(style=style, script=script)
