"""Enrolment of a second factor, where it is optional and where it is required; its keys."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, cast

import pyotp
import pytest

from shop.bootstrap.secrets import TIME_TO_LIVE_SECONDS, Secrets
from shop.domain import one_time_codes
from shop.domain.sessions import Role, Session
from shop.services.identity.ports import SessionStore
from tests.support.builders import add_categories
from tests.support.containers import SECOND_FACTOR_KEY, container_for
from tests.support.gateway import Gateway
from tests.support.orders import OrderingShop
from tests.support.people import audit_of, token_of
from tests.support.second_factors import (
    FACTOR,
    INVALID,
    ME,
    REQUIRED,
    Clock,
    Person,
    refused,
    shop_with,
)

_STAFF_ONLY: Final = "/api/admin/audit"
_OTHER_KEY: Final = "k2" * 20


@pytest.mark.parametrize("role", ["staff", "finance"])
def test_enrolment(shop: OrderingShop, clock: Clock, role: str) -> None:
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
    assert [shop.get(ME, token=each).code for each in (token, other)] == ["session_expired"] * 2
    assert refused(person.log_in(person.code())) == INVALID, "it has confirmed the enrolment"
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
    assert refused(enrolled.begin(token)) == (409, "second_factor_exists")
    assert refused(enrolled.confirm(token, enrolled.code(1))) == (409, "second_factor_exists")


def test_customers_have_none(shop: OrderingShop, clock: Clock) -> None:
    ada = Person(shop, clock, "ada", "customer")
    token = ada.token()
    assert refused(ada.begin(token)) == (403, "forbidden")
    assert ada.log_in("123456").status == 201, "a code that nobody asked for is ignored"


class _Meanwhile:
    """A session store that does something right before it opens a session."""

    def __init__(self, store: SessionStore, action: Callable[[], object]) -> None:
        self._store, self._action = store, action

    def open(self, session: Session) -> tuple[str, datetime]:
        self._action()
        return self._store.open(session)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_login_without_code_does_not_outlive_an_enrolment_that_ends_at_the_same_moment(
    shop: OrderingShop, sam: Person
) -> None:
    container, store = shop.container, shop.container.sessions
    token = sam.token()
    sam.begin(token)

    def confirm() -> None:
        container.sessions = store
        assert sam.confirm(token, sam.code()).status == 200

    container.sessions = cast("SessionStore", _Meanwhile(store, confirm))
    assert refused(sam.log_in()) == (401, "invalid_credentials")
    assert refused(sam.log_in()) == REQUIRED
    assert not list(container.redis.keys("session:*"))


@pytest.fixture
def strict(database: str, redis: str, clock: Clock) -> Iterator[OrderingShop]:
    """A shop in which staff must have one."""
    for container in shop_with(database, redis, "required"):
        add_categories(container.database)
        yield OrderingShop(container)


def test_where_it_is_required_an_account_without_one_may_only_enrol(
    strict: OrderingShop, clock: Clock
) -> None:
    sam = Person(strict, clock, "sam", "staff")
    opened = sam.log_in().json
    token = opened["token"]
    assert (opened["role"], opened["second_factor_enrolment_required"]) == ("customer", True)
    enrolment = (403, "second_factor_enrolment_required")
    assert refused(strict.get(_STAFF_ONLY, token=token)) == enrolment
    assert refused(strict.post(f"{FACTOR}/disable", json={"code": "123456"}, token=token)) == (
        enrolment
    )
    assert refused(strict.delete(ME, token=token)) == (403, "forbidden"), "of customers only"
    assert strict.get("/api/cart", token=token).status == 200
    assert strict.get("/api/finance/costs", token=token).code == "forbidden", "not its role either"
    others = strict.order(strict.shopper(Role.CUSTOMER), strict.product())
    assert strict.get(f"/api/orders/{others}", token=token).code == "order_not_found"
    assert sam.begin(token).status == 201
    assert sam.confirm(token, sam.code()).status == 200
    assert strict.get(ME, token=token).code == "session_expired"
    assert refused(sam.log_in()) == REQUIRED
    clock.later()
    full = sam.log_in(sam.code()).json
    assert (full["role"], full["second_factor_enrolment_required"]) == ("staff", False)
    assert audit_of(strict, full["token"], sam.user_id) == [("second_factor.enrolled", None, None)]


def test_where_it_is_required_customers_log_in_as_before(
    strict: OrderingShop, clock: Clock
) -> None:
    ada = Person(strict, clock, "ada", "customer")
    opened = ada.log_in().json
    assert (opened["role"], opened["second_factor_enrolment_required"]) == ("customer", False)


class _Source:
    def __init__(self) -> None:
        self.members = {"current": SECOND_FACTOR_KEY, "next": ""}

    def read(self, name: str, max_age_seconds: int) -> dict[str, str]:
        assert name == "arn:second-factors"
        return dict(self.members)


def test_a_key_is_replaced_while_both_are_valid(database: str, redis: str, clock: Clock) -> None:
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

        put(SECOND_FACTOR_KEY, _OTHER_KEY)
        assert sam.log_in(sam.code()).status == 201
        put(_OTHER_KEY, SECOND_FACTOR_KEY)
        assert sam.log_in(sam.code()).status == 201
        alex = Person(shop, clock, "alex", "staff")
        alex.enrol()
        put(_OTHER_KEY, "")
        assert alex.log_in(alex.code()).status == 201
        assert refused(sam.log_in(sam.code())) == INVALID
        assert sam.log_in(sam.recovery_codes[0]).status == 201, "these depend on no key"


def test_without_a_key_nobody_enrols_and_everybody_else_logs_in(
    database: str, redis: str, clock: Clock
) -> None:
    for container in shop_with(database, redis, "optional", "{current},{next}"):
        sam = Person(Gateway(container), clock, "sam", "staff")
        answer = sam.begin(sam.token())
        assert (answer.status, answer.code) == (500, "internal_error")
