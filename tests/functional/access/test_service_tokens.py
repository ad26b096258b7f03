"""Tokens of other services: two are valid while one replaces the other, and only where services may call."""

import hashlib
from collections.abc import Iterator, Mapping

import pytest

from shop.bootstrap.secrets import TIME_TO_LIVE_SECONDS, Secrets
from shop.bootstrap.service_tokens import service_token_digests
from shop.bootstrap.settings import SettingsError
from shop.domain.ids import new_id
from shop.domain.sessions import STAFF, Role
from shop.entrypoints.access import only
from tests.support.containers import NO_BROKER, Container, container_for
from tests.support.gateway import Gateway


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class _Source:
    def __init__(self) -> None:
        self.members: dict[str, str] = {"current": "", "next": ""}
        self.reads = 0

    def read(self, name: str, max_age_seconds: int) -> Mapping[str, str]:
        assert name == "arn:service"
        self.reads += 1
        return dict(self.members)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def source() -> _Source:
    return _Source()


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def container(database: str, redis: str, source: _Source, clock: _Clock) -> Iterator[Container]:
    settings = {"service_token_sha256": "{current},{next}", "service_secret": "arn:service"}
    with container_for(database, redis, NO_BROKER, **settings) as made:
        made.environment.secrets = Secrets(lambda: source, clock)
        yield made


def _accepted(shop: Gateway, token: str) -> bool:
    answer = shop.post("/api/inventory/release", json={"order_id": str(new_id())}, token=token)
    assert answer.code in ("session_expired", "reservation_not_found"), answer.text
    return answer.code != "session_expired"


def test_a_token_is_replaced_while_both_are_valid(
    container: Container, source: _Source, clock: _Clock
) -> None:
    shop = Gateway(container)

    def put(**members: str) -> None:
        source.members = {"current": "", "next": ""} | members
        clock.now += TIME_TO_LIVE_SECONDS
        container.environment.refresh()

    put(current=_digest("old"))
    assert (_accepted(shop, "old"), _accepted(shop, "new")) == (True, False)
    put(current=_digest("old"), next=_digest("new"))
    assert (_accepted(shop, "old"), _accepted(shop, "new")) == (True, True)
    put(current=_digest("new"))
    assert (_accepted(shop, "old"), _accepted(shop, "new")) == (False, True)
    put()
    assert (_accepted(shop, "old"), _accepted(shop, "new")) == (False, False)


def test_digests_are_no_tokens(container: Container, source: _Source) -> None:
    source.members["current"] = _digest("old")
    shop = Gateway(container)
    assert not any(_accepted(shop, sent) for sent in (_digest("old"), "{current}", ","))


def test_where_services_may_not_call_their_tokens_are_not_even_read(
    container: Container, source: _Source
) -> None:
    source.members["current"] = _digest("old")
    answer = Gateway(container).get("/api/admin/audit", token="old")
    assert (answer.status, answer.code) == (401, "session_expired")
    assert source.reads == 0


def test_a_malformed_digest_is_reported(container: Container, source: _Source) -> None:
    source.members["next"] = "the token itself"
    with container.environment.active(), pytest.raises(SettingsError, match="64 lower-case"):
        service_token_digests()


def test_without_a_secret_there_are_no_services(database: str, redis: str) -> None:
    with container_for(database, redis, service_token_sha256="{current},{next}") as made:
        assert not _accepted(Gateway(made), "old")


def test_an_endpoint_cannot_forget_the_service_tokens() -> None:
    with pytest.raises(ValueError, match="services_and"):
        only(STAFF | {Role.SERVICE})
