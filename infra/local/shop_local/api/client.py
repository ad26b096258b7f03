"""The API's client, over HTTP."""

import json
from collections.abc import Mapping
from typing import Any, override

import httpx

from shop_local.api.answer import Answer
from shop_local.api.operations import Operations


class ApiClient(Operations):
    """Sends the operations of the API.

    Parameters
    ----------
    http : httpx.Client
        Its base URL is that of the stage.

    Attributes
    ----------
    session : str or None
        Token of the requests that name no other.
    """

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.session: str | None = None

    @override
    def _send(
        self,
        method: str,
        path: str,
        *,
        session: str | None,
        query: Mapping[str, Any],
        headers: Mapping[str, str | None],
        body: Any,
    ) -> Answer[Any]:
        sent = {name: value for name, value in headers.items() if value is not None}
        if token := session or self.session:
            sent["Authorization"] = f"Bearer {token}"
        parameters = {
            name: json.dumps(value) if isinstance(value, Mapping) else value
            for name, value in query.items()
            if value is not None
        }
        return self.answer(
            self.http.request(method, path, params=parameters, headers=sent, json=body)
        )

    def answer(self, response: httpx.Response) -> Answer[Any]:
        """Return what the shop answered; a place to look at every answer."""
        request = f"{response.request.method} {response.request.url.path}"
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(request, response.status_code, headers, response.text)
