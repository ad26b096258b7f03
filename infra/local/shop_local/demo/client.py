"""The API's client that prints each request and its answer, as a shop's front end would send it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

import httpx

from shop_local.api.answer import Answer
from shop_local.api.client import ApiClient
from shop_local.console import headline

_SHOWN_CHARACTERS = 150


class ShopClient(ApiClient):
    """Calls the shop and prints requests and responses.

    Parameters
    ----------
    base_url : str
        The API Gateway URL of the stage.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__(httpx.Client(base_url=base_url, timeout=30.0))
        self._quiet = False

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Print nothing within a block; for polling."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @override
    def answer(self, response: httpx.Response) -> Answer[Any]:
        if not self._quiet:
            request = response.request
            path = request.url.raw_path.decode().removeprefix(
                self.http.base_url.raw_path.decode().rstrip("/")
            )
            milliseconds = response.elapsed.total_seconds() * 1000
            headline(f"  {request.method:<6} {path}{_brief(request.content)}")
            headline(
                f"      ← {response.status_code} in {milliseconds:.0f} ms"
                f"  {_brief_text(response.text)}"
            )
        return super().answer(response)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def _brief(content: bytes) -> str:
    if not content:
        return ""
    body = json.loads(content)
    shown = {name: "…" if name == "password" else value for name, value in body.items()}
    return "  " + _brief_text(json.dumps(shown))


def _brief_text(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + " …"
