"""An HTTP client that prints each request and its answer, as a shop's front end would send it."""

import json
import time
from typing import Any

import httpx

from shop_local.console import headline

_SHOWN_CHARACTERS = 150


class UnexpectedAnswer(Exception):
    """The shop returned a status other than the expected one."""


class ShopClient:
    """Calls the shop and prints requests and responses.

    Parameters
    ----------
    base_url : str
        The API Gateway URL of the stage.
    """

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=30.0)
        self.token: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        expect: int = 200,
        token: str | None = None,
        quiet: bool = False,
        **headers: str,
    ) -> dict[str, Any]:
        """Send a request, print it, and return the response's JSON.

        Parameters
        ----------
        expect : int
            The status it must have.
        token : str, optional
            Instead of the client's own.
        quiet : bool
            Print nothing; for polling.
        **headers : str
            More headers, with ``_`` for ``-``.

        Raises
        ------
        UnexpectedAnswer
            If the status differs; the message holds the answer.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if bearer := token or self.token:
            sent["Authorization"] = f"Bearer {bearer}"
        started = time.monotonic()
        answer = self._http.request(method, path, json=body, headers=sent)
        milliseconds = (time.monotonic() - started) * 1000
        if not quiet:
            headline(f"  {method:<6} {path}{_brief(body)}")
            headline(
                f"      ← {answer.status_code} in {milliseconds:.0f} ms  {_brief_text(answer.text)}"
            )
        if answer.status_code != expect:
            raise UnexpectedAnswer(
                f"{method} {path}: {answer.status_code}, not {expect}: {answer.text}"
            )
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _brief(body: dict[str, Any] | None) -> str:
    if body is None:
        return ""
    shown = {name: "…" if name == "password" else value for name, value in body.items()}
    return "  " + _brief_text(json.dumps(shown))


def _brief_text(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + " …"
