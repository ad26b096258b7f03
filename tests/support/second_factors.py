"""Members of staff with an authenticator app, and a clock that codes are computed with."""

from collections.abc import Iterator
from typing import Any, Final

import pyotp

from shop.domain import one_time_codes
from tests.support.containers import SECOND_FACTOR_KEY, Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.stock import query

PASSWORD: Final = "correct horse"
ME: Final = "/api/customers/me"
FACTOR: Final = f"{ME}/second-factor"
REQUIRED: Final = (401, "second_factor_required")
INVALID: Final = (401, "second_factor_invalid")


def refused(answer: Response) -> tuple[int, str | None]:
    """Return status and code of a refusal."""
    return answer.status, answer.code


def shop_with(
    database: str, redis: str, rule: str, keys: str = SECOND_FACTOR_KEY
) -> Iterator[Container]:
    """Make a shop in which the second factor is required or optional."""
    settings = {"second_factor_keys": keys, "staff_second_factor": rule}
    with container_for(database, redis, **settings) as made:
        yield made


class Clock:
    """The time that codes are computed with; `later` moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def later(self, steps: int = 1) -> None:
        self.now += steps * one_time_codes.STEP_SECONDS


class Person:
    """Somebody with an account, and with an authenticator app once enrolled."""

    def __init__(self, shop: Gateway, clock: Clock, name: str, role: str) -> None:
        self.shop, self._clock, self.email = shop, clock, f"{name}@shop.example"
        sign_up = {"email": self.email, "password": PASSWORD, "name": name}
        self.user_id = str(shop.post("/api/customers", json=sign_up).json["user_id"])
        url = shop.container.settings.database_url
        query(url, "UPDATE customers SET role = %s WHERE id = %s", (role, self.user_id))
        self.secret = ""
        self.recovery_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        """Return what the app shows, now or some steps later."""
        step = int(self._clock.now) // one_time_codes.STEP_SECONDS + steps
        return pyotp.TOTP(self.secret).generate_otp(step)

    def log_in(
        self, code: str | None = None, *, source: str = "192.0.2.1", **more: Any
    ) -> Response:
        body = {"email": self.email, "password": PASSWORD} | ({"code": code} if code else {})
        return self.shop.post("/api/sessions", json=body | more, source=source)

    def token(self, code: str | None = None) -> str:
        answer = self.log_in(code)
        assert answer.status == 201, answer.text
        return str(answer.json["token"])

    def begin(self, token: str) -> Response:
        answer = self.shop.post(FACTOR, token=token)
        if answer.status == 201:
            self.secret = answer.json["secret"]
        return answer

    def confirm(self, token: str, code: str) -> Response:
        answer = self.shop.post(f"{FACTOR}/confirm", json={"code": code}, token=token)
        if answer.status == 200:
            self.recovery_codes = answer.json["recovery_codes"]
        return answer

    def enrol(self) -> None:
        """Enrol, and wait for the next code."""
        token = self.token()
        assert self.begin(token).status == 201
        assert self.confirm(token, self.code()).status == 200
        self._clock.later()
