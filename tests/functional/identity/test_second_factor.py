"""The second factor of staff: enrolment, login, disabling, reset; on real servers."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyotp
import pytest

from shop.adapters.redis.throttles import RedisLoginThrottle
from shop.bootstrap.secrets import TIME_TO_LIVE_SECONDS, Secrets
from shop.domain import one_time_codes, passwords
from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.builders import add_categories
from tests.support.containers import SECOND_FACTOR_KEY, Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.orders import OrderingShop
from tests.support.people import audit_of, token_of
from tests.support.stock import query

_PASSWORD: Final = "correct horse"
_ME: Final = "/api/customers/me"
_FACTOR: Final = f"{_ME}/second-factor"
_KEY: Final = SECOND_FACTOR_KEY
_OTHER_KEY: Final = "k2" * 20
_STAFF_ONLY: Final = "/api/admin/audit"


class _Clock:
    """The time that codes are computed with; `later` moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def later(self, steps: int = 1) -> None:
        self.now += steps * one_time_codes.STEP_SECONDS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    monkeypatch.setattr(passwords, "_COST", 2)
    clock = _Clock()
    monkeypatch.setattr(one_time_codes, "time", clock)
    return clock


def _container(database: str, redis: str, rule: str, keys: str = _KEY) -> Iterator[Container]:
    settings = {"second_factor_keys": keys, "staff_second_factor": rule}
    with container_for(database, redis, **settings) as made:
        yield made


@pytest.fixture
def container(database: str, redis: str, clock: _Clock) -> Iterator[Container]:
    """A shop in which staff may have a second factor."""
    yield from _container(database, redis, "optional")


@pytest.fixture
def strict(database: str, redis: str, clock: _Clock) -> Iterator[OrderingShop]:
    """A shop in which staff must have one."""
    for container in _container(database, redis, "required"):
        add_categories(container.database)
        yield OrderingShop(container)


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    return OrderingShop(container)


class Person:
    """Somebody with an account, and with an authenticator app once enrolled."""

    def __init__(self, shop: Gateway, clock: _Clock, name: str, role: str) -> None:
        self.shop, self._clock, self.email = shop, clock, f"{name}@shop.example"
        sign_up = {"email": self.email, "password": _PASSWORD, "name": name}
        self.user_id = str(shop.post("/api/customers", json=sign_up).json["user_id"])
        url = shop.container.settings.database_url
        query(url, "UPDATE customers SET role = %s WHERE id = %s", (role, self.user_id))
        self._secret = ""
        self.recovery_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        """Return what the app shows, now or some steps later."""
        step = int(self._clock.now) // one_time_codes.STEP_SECONDS + steps
        return pyotp.TOTP(self._secret).generate_otp(step)

    def log_in(
        self, code: str | None = None, *, source: str = "192.0.2.1", **more: Any
    ) -> Response:
        body = {"email": self.email, "password": _PASSWORD} | ({"code": code} if code else {})
        return self.shop.post("/api/sessions", json=body | more, source=source)

    def token(self, code: str | None = None) -> str:
        answer = self.log_in(code)
        assert answer.status == 201, answer.text
        return str(answer.json["token"])

    def begin(self, token: str) -> Response:
        answer = self.shop.post(_FACTOR, token=token)
        if answer.status == 201:
            self._secret = answer.json["secret"]
        return answer

    def confirm(self, token: str, code: str) -> Response:
        answer = self.shop.post(f"{_FACTOR}/confirm", json={"code": code}, token=token)
        if answer.status == 200:
            self.recovery_codes = answer.json["recovery_codes"]
        return answer

    def enrol(self) -> None:
        """Enrol, and wait for the next code."""
        token = self.token()
        assert self.begin(token).status == 201
        assert self.confirm(token, self.code()).status == 200
        self._clock.later()


@pytest.fixture
def sam(shop: OrderingShop, clock: _Clock) -> Person:
    """A member of staff without a second factor."""
    return Person(shop, clock, "sam", "staff")


@pytest.fixture
def enrolled(sam: Person) -> Person:
    """The same, enrolled."""
    sam.enrol()
    return sam


def _refused(answer: Response) -> tuple[int, str | None]:
    return answer.status, answer.code


_REQUIRED: Final = (401, "second_factor_required")
_INVALID: Final = (401, "second_factor_invalid")


@pytest.mark.parametrize("role", ["staff", "finance"])
def test_enrolment(shop: OrderingShop, clock: _Clock, role: str) -> None:
    person = Person(shop, clock, "sam", role)
    token, other = person.token(), person.token()
    begun = person.begin(token)
    assert begun.headers["cache-control"] == "no-store"
    assert len(begun.json["secret"]) == 32
    read = pyotp.parse_uri(begun.json["otpauth_uri"])
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (
        begun.json["secret"], person.email, "shop.example",
    )  # fmt: skip
    assert person.log_in().status == 201, "no code is needed before one has been confirmed"
    wrong = person.confirm(token, person.code(5))
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (400, "code")
    done = person.confirm(token, person.code())
    assert done.headers["cache-control"] == "no-store"
    assert len(set(done.json["recovery_codes"])) == one_time_codes.RECOVERY_CODES
    assert [shop.get(_ME, token=each).code for each in (token, other)] == ["session_expired"] * 2
    assert _refused(person.log_in(person.code())) == _INVALID, "it has confirmed the enrolment"
    clock.later()
    again = person.log_in(person.code())
    assert (again.status, again.json["role"]) == (201, role)
    assert not again.json["second_factor_enrolment_required"]
    staff = token_of(shop.container, Role.STAFF)
    assert audit_of(shop, staff, person.user_id) == [("second_factor.enrolled", None, None)]


def test_an_enrolment_begins_anew_until_it_is_confirmed(shop: OrderingShop, sam: Person) -> None:
    token = sam.token()
    assert sam.confirm(token, "123456").code == "second_factor_not_found"
    sam.begin(token)
    abandoned = sam.code()
    sam.begin(token)
    assert sam.confirm(token, abandoned).status == 400
    assert sam.confirm(token, sam.code()).status == 200


def test_an_enrolled_account_does_not_enrol_again(enrolled: Person) -> None:
    token = enrolled.token(enrolled.code())
    assert _refused(enrolled.begin(token)) == (409, "second_factor_exists")
    assert _refused(enrolled.confirm(token, enrolled.code(1))) == (409, "second_factor_exists")


def test_customers_have_none(shop: OrderingShop, clock: _Clock) -> None:
    ada = Person(shop, clock, "ada", "customer")
    token = ada.token()
    assert _refused(ada.begin(token)) == (403, "forbidden")
    assert ada.log_in("123456").status == 201, "a code that nobody asked for is ignored"


def test_a_login_needs_password_and_code(enrolled: Person) -> None:
    assert _refused(enrolled.log_in()) == _REQUIRED
    assert _refused(enrolled.log_in(enrolled.code(5))) == _INVALID
    for code in (None, enrolled.code(), enrolled.code(5), enrolled.recovery_codes[0]):
        refused = enrolled.log_in(code, password="wrong horse")
        assert _refused(refused) == (401, "invalid_credentials"), "as for an account without one"
    assert enrolled.log_in("12345").code == "validation_failed"
    assert enrolled.log_in(enrolled.code()).status == 201


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (1, 201), (2, 401)])
def test_a_code_is_valid_for_one_step_around_its_own(
    enrolled: Person, clock: _Clock, steps: int, status: int
) -> None:
    clock.later(3)
    assert enrolled.log_in(enrolled.code(steps)).status == status


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(enrolled: Person) -> None:
    earlier, code = enrolled.code(), enrolled.code(1)
    assert enrolled.log_in(code).status == 201
    assert _refused(enrolled.log_in(code)) == _INVALID
    assert _refused(enrolled.log_in(earlier)) == _INVALID


@pytest.mark.parametrize("kind", ["one-time", "recovery"])
def test_of_simultaneous_logins_with_one_code_exactly_one_succeeds(
    enrolled: Person, database: str, redis: str, kind: str
) -> None:
    code = enrolled.code() if kind == "one-time" else enrolled.recovery_codes[0]
    body = {"email": enrolled.email, "password": _PASSWORD, "code": code}

    def log_in() -> int:
        for own in _container(database, redis, "optional"):
            return Gateway(own).post("/api/sessions", json=body).status
        raise AssertionError("there is a container")

    statuses: list[Callable[[], int]] = [log_in] * 6
    assert sorted(at_once(statuses)) == [201] + [401] * 5


def test_a_recovery_code_is_accepted_once(
    shop: OrderingShop, enrolled: Person, database: str
) -> None:
    first, second, *_ = enrolled.recovery_codes
    token = enrolled.token(first.upper())
    assert _refused(enrolled.log_in(first)) == _INVALID
    assert enrolled.log_in(second).status == 201
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled"] + ["second_factor.recovery_code_used"] * 2
    rows = query(database, "SELECT code_sha256 FROM recovery_codes")
    assert len(rows) == one_time_codes.RECOVERY_CODES
    assert not any(first.encode() in bytes(digest) for (digest,) in rows)


def test_the_database_has_no_secret(enrolled: Person, database: str, clock: _Clock) -> None:
    ((nonce, key_id),) = query(database, "SELECT nonce, key_id FROM second_factors")
    secret = pyotp.TOTP(enrolled._secret).byte_secret()
    assert secret not in bytes(nonce) + bytes(key_id)
    assert _KEY.encode() not in bytes(key_id)
    query(database, "UPDATE second_factors SET nonce = gen_random_uuid()::text::bytea")
    assert _refused(enrolled.log_in(enrolled.code())) == _INVALID


def test_neither_secret_nor_code_is_logged(
    sam: Person, clock: _Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    sam.enrol()
    assert sam.log_in(sam.code(5)).status == 401
    sam.token(sam.code())
    sam.token(sam.recovery_codes[0])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    routes = {line["route"] for line in lines if line.get("message") == "invocation"}
    assert routes == {"/api/sessions", _FACTOR, f"{_FACTOR}/confirm"}
    text = json.dumps(lines)
    hidden = (sam._secret, sam.code(), sam.code(5), *sam.recovery_codes, _KEY)
    assert not any(each in text for each in hidden)


def test_wrong_codes_are_throttled_like_wrong_passwords(enrolled: Person, clock: _Clock) -> None:
    guessing, own = "203.0.113.66", "198.51.100.7"
    for _ in range(RedisLoginThrottle.PAIR_LIMIT):
        assert _refused(enrolled.log_in("000000", source=guessing)) == _INVALID
    assert enrolled.log_in(enrolled.code(), source=guessing).code == "too_many_requests"
    assert enrolled.log_in(enrolled.code(), source=own).status == 201


def test_a_right_password_does_not_reset_the_count_of_guessed_codes(enrolled: Person) -> None:
    for number in range(RedisLoginThrottle.PAIR_LIMIT):
        refused = enrolled.log_in("000000" if number % 2 else None)
        assert refused.status == 401
    assert enrolled.log_in(enrolled.code()).code == "too_many_requests"


def test_disabling_needs_a_code(shop: OrderingShop, enrolled: Person, clock: _Clock) -> None:
    def disable(code: str) -> Response:
        return shop.post(f"{_FACTOR}/disable", json={"code": code}, token=token)

    used = enrolled.code()
    token = enrolled.token(used)
    for wrong in (used, enrolled.code(5), "aaaa-aaaa-aaaa-aaaa"):
        refused = disable(wrong)
        assert (refused.status, refused.json["errors"][0]["field"]) == (400, "code")
    clock.later()
    assert disable(enrolled.code()).status == 204
    assert disable(enrolled.code(1)).code == "second_factor_not_found"
    assert enrolled.log_in().status == 201
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled", "second_factor.disabled"]
    enrolled.enrol()
    assert _refused(enrolled.log_in()) == _REQUIRED


def test_guesses_at_disabling_are_throttled(shop: OrderingShop, enrolled: Person) -> None:
    token = enrolled.token(enrolled.code())
    codes = []
    for _ in range(RedisLoginThrottle.PAIR_LIMIT + 1):
        answer = shop.post(f"{_FACTOR}/disable", json={"code": "000000"}, token=token)
        codes.append(answer.code)
    assert codes == ["validation_failed"] * RedisLoginThrottle.PAIR_LIMIT + ["too_many_requests"]


def test_a_colleague_resets_a_lost_factor(
    shop: OrderingShop, enrolled: Person, clock: _Clock
) -> None:
    alex = Person(shop, clock, "alex", "staff")
    fay = Person(shop, clock, "fay", "finance")
    hers, token = enrolled.token(enrolled.code()), alex.token()
    path = f"/api/admin/customers/{enrolled.user_id}/second-factor"
    assert _refused(shop.delete(path, token=fay.token())) == (403, "forbidden")
    assert _refused(shop.delete(path, token=hers)) == (403, "forbidden"), "one's own needs a code"
    assert shop.delete(path, token=token).status == 204
    assert shop.get(_ME, token=hers).code == "session_expired"
    assert _refused(shop.delete(path, token=token)) == (404, "second_factor_not_found")
    nobody = path.replace(enrolled.user_id, "0199e8a0-1111-7a2b-8c3d-4e5f60718293")
    assert _refused(shop.delete(nobody, token=token)) == (404, "customer_not_found")
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled", "second_factor.reset"]
    assert enrolled.log_in().status == 201
    query(shop.container.settings.database_url, "SELECT 1 FROM recovery_codes")
    enrolled.enrol()


def test_where_it_is_required_an_account_without_one_may_only_enrol(
    strict: OrderingShop, clock: _Clock
) -> None:
    sam = Person(strict, clock, "sam", "staff")
    opened = sam.log_in().json
    token = opened["token"]
    assert (opened["role"], opened["second_factor_enrolment_required"]) == ("customer", True)
    enrolment = (403, "second_factor_enrolment_required")
    assert _refused(strict.get(_STAFF_ONLY, token=token)) == enrolment
    assert _refused(strict.post(f"{_FACTOR}/disable", json={"code": "123456"}, token=token)) == (
        enrolment
    )
    assert _refused(strict.delete(_ME, token=token)) == (403, "forbidden"), "of customers only"
    assert strict.get("/api/cart", token=token).status == 200
    assert strict.get("/api/finance/costs", token=token).code == "forbidden", "not its role either"
    others = strict.order(strict.shopper(Role.CUSTOMER), strict.product())
    assert strict.get(f"/api/orders/{others}", token=token).code == "order_not_found"
    assert sam.begin(token).status == 201
    assert sam.confirm(token, sam.code()).status == 200
    assert strict.get(_ME, token=token).code == "session_expired"
    assert _refused(sam.log_in()) == _REQUIRED
    clock.later()
    full = sam.log_in(sam.code()).json
    assert (full["role"], full["second_factor_enrolment_required"]) == ("staff", False)
    assert audit_of(strict, full["token"], sam.user_id) == [("second_factor.enrolled", None, None)]


def test_where_it_is_required_customers_log_in_as_before(
    strict: OrderingShop, clock: _Clock
) -> None:
    ada = Person(strict, clock, "ada", "customer")
    opened = ada.log_in().json
    assert (opened["role"], opened["second_factor_enrolment_required"]) == ("customer", False)


def test_a_password_changes_and_sessions_end_as_before(
    shop: OrderingShop, enrolled: Person, clock: _Clock
) -> None:
    token = enrolled.token(enrolled.code())
    change = {"password": "another horse", "current_password": _PASSWORD}
    assert shop.patch(_ME, json=change, token=token).status == 200
    assert _refused(enrolled.log_in(password="another horse")) == _REQUIRED
    clock.later()
    second = enrolled.log_in(enrolled.code(), password="another horse").json["token"]
    assert shop.delete(f"{_ME}/sessions", token=second).status == 204
    assert [shop.get(_ME, token=each).code for each in (token, second)] == ["session_expired"] * 2
    assert shop.post("/api/password-resets", json={"email": enrolled.email}).status == 202
    ((_, link),) = shop.send_links()
    assert shop.post(f"/api/password-resets/{link}", json={"password": _PASSWORD}).status == 204
    assert _refused(enrolled.log_in()) == _REQUIRED, "the link replaces the password only"


class _Source:
    def __init__(self) -> None:
        self.members = {"current": _KEY, "next": ""}

    def read(self, name: str, max_age_seconds: int) -> dict[str, str]:
        assert name == "arn:second-factors"
        return dict(self.members)


def test_a_key_is_replaced_while_both_are_valid(database: str, redis: str, clock: _Clock) -> None:
    settings = {
        "second_factor_keys": "{current},{next}",
        "second_factor_secret": "arn:second-factors",
        "staff_second_factor": "optional",
    }
    source = _Source()
    with container_for(database, redis, **settings) as made:
        made.environment.secrets = Secrets(lambda: source, clock)
        shop = Gateway(made)
        sam = Person(shop, clock, "sam", "staff")
        sam.enrol()

        def put(current: str, following: str) -> None:
            source.members = {"current": current, "next": following}
            clock.later(TIME_TO_LIVE_SECONDS // one_time_codes.STEP_SECONDS)
            made.environment.refresh()

        put(_KEY, _OTHER_KEY)
        assert sam.log_in(sam.code()).status == 201
        put(_OTHER_KEY, _KEY)
        assert sam.log_in(sam.code()).status == 201
        alex = Person(shop, clock, "alex", "staff")
        alex.enrol()
        put(_OTHER_KEY, "")
        assert alex.log_in(alex.code()).status == 201
        assert _refused(sam.log_in(sam.code())) == _INVALID
        assert sam.log_in(sam.recovery_codes[0]).status == 201, "these depend on no key"


def test_without_a_key_nobody_enrols_and_everybody_else_logs_in(
    database: str, redis: str, clock: _Clock
) -> None:
    for container in _container(database, redis, "optional", "{current},{next}"):
        sam = Person(Gateway(container), clock, "sam", "staff")
        refused = sam.begin(sam.token())
        assert (refused.status, refused.code) == (500, "internal_error")
