"""Disabling and resetting a second factor; changing the rest of an account that has one."""

from shop.adapters.redis.throttles import RedisLoginThrottle
from tests.support.gateway import Response
from tests.support.orders import OrderingShop
from tests.support.people import audit_of
from tests.support.second_factors import FACTOR, ME, PASSWORD, REQUIRED, Clock, Person, refused
from tests.support.stock import query


def test_disabling_needs_a_code(shop: OrderingShop, enrolled: Person, clock: Clock) -> None:
    def disable(code: str) -> Response:
        return shop.post(f"{FACTOR}/disable", json={"code": code}, token=token)

    used = enrolled.code()
    token = enrolled.token(used)
    for wrong in (used, enrolled.code(5), "aaaa-aaaa-aaaa-aaaa"):
        answer = disable(wrong)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "code")
    clock.later()
    assert disable(enrolled.code()).status == 204
    assert disable(enrolled.code(1)).code == "second_factor_not_found"
    assert enrolled.log_in().status == 201
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled", "second_factor.disabled"]
    enrolled.enrol()
    assert refused(enrolled.log_in()) == REQUIRED


def test_guesses_at_disabling_are_throttled(shop: OrderingShop, enrolled: Person) -> None:
    token = enrolled.token(enrolled.code())
    codes = []
    for _ in range(RedisLoginThrottle.PAIR_LIMIT + 1):
        answer = shop.post(f"{FACTOR}/disable", json={"code": "000000"}, token=token)
        codes.append(answer.code)
    assert codes == ["validation_failed"] * RedisLoginThrottle.PAIR_LIMIT + ["too_many_requests"]


def test_a_colleague_resets_a_lost_factor(
    shop: OrderingShop, enrolled: Person, clock: Clock
) -> None:
    alex = Person(shop, clock, "alex", "staff")
    fay = Person(shop, clock, "fay", "finance")
    hers, token = enrolled.token(enrolled.code()), alex.token()
    path = f"/api/admin/customers/{enrolled.user_id}/second-factor"
    assert refused(shop.delete(path, token=fay.token())) == (403, "forbidden")
    assert refused(shop.delete(path, token=hers)) == (403, "forbidden"), "one's own needs a code"
    assert shop.delete(path, token=token).status == 204
    assert shop.get(ME, token=hers).code == "session_expired"
    assert refused(shop.delete(path, token=token)) == (404, "second_factor_not_found")
    nobody = path.replace(enrolled.user_id, "0199e8a0-1111-7a2b-8c3d-4e5f60718293")
    assert refused(shop.delete(nobody, token=token)) == (404, "customer_not_found")
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled", "second_factor.reset"]
    assert enrolled.log_in().status == 201
    left = query(shop.container.settings.database_url, "SELECT count(*) FROM recovery_codes")
    assert left == [(0,)]
    enrolled.enrol()


def test_a_password_changes_and_sessions_end_as_before(
    shop: OrderingShop, enrolled: Person, clock: Clock
) -> None:
    token = enrolled.token(enrolled.code())
    change = {"password": "another horse", "current_password": PASSWORD}
    assert shop.patch(ME, json=change, token=token).status == 200
    assert refused(enrolled.log_in(password="another horse")) == REQUIRED
    clock.later()
    second = enrolled.log_in(enrolled.code(), password="another horse").json["token"]
    assert shop.delete(f"{ME}/sessions", token=second).status == 204
    assert [shop.get(ME, token=each).code for each in (token, second)] == ["session_expired"] * 2
    assert shop.post("/api/password-resets", json={"email": enrolled.email}).status == 202
    ((_, link),) = shop.send_links()
    assert shop.post(f"/api/password-resets/{link}", json={"password": PASSWORD}).status == 204
    assert refused(enrolled.log_in()) == REQUIRED, "the link replaces the password only"
