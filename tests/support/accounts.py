"""Ada's account, and logins to it."""

from typing import Final

from tests.support.gateway import Gateway, Response

LOGIN: Final = {"email": "ada@example.com", "password": "correct horse"}
ADA: Final = LOGIN | {"name": "Ada"}
ME: Final = "/api/customers/me"


def log_in(shop: Gateway, **changes: str) -> Response:
    """Log in as Ada, or with other fields."""
    return shop.post("/api/sessions", json=LOGIN | changes)


def ada_logs_in(shop: Gateway, guest: str | None) -> str:
    """Log in from a guest's session; give the token of the new one."""
    answer = shop.post("/api/sessions", json=LOGIN, token=guest)
    assert answer.status == 201, answer.text
    return str(answer.json["token"])
