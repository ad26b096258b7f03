"""Secrets: read when needed, put into settings, read again after rotation."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shop.adapters.aws.secrets import SecretsManager
from shop.bootstrap import Environment, Part, Settings, credentials
from shop.bootstrap.secrets import TIME_TO_LIVE_SECONDS, Secrets
from shop.bootstrap.settings import SettingsError, load
from shop.domain.errors import DependencyUnavailable

_URL = "postgresql://{username}:{password}@db.internal/shop?sslmode=verify-full&sslrootcert=/opt/r"


class _Source:
    """Secrets in memory; counts reads."""

    def __init__(self, **secrets: Mapping[str, str]) -> None:
        self.secrets = dict(secrets)
        self.reads = 0
        self.available = True

    def read(self, name: str, max_age_seconds: int) -> Mapping[str, str]:
        self.reads += 1
        if not self.available:
            raise DependencyUnavailable("secrets manager")
        return self.secrets[name]


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _secrets(source: _Source, clock: _Clock | None = None) -> Secrets:
    return Secrets(lambda: source, clock or _Clock())


def test_members_are_put_into_an_address_encoded_and_into_a_key_as_they_are() -> None:
    source = _Source(db={"username": "shop", "password": "p@/:%"}, stripe={"key": "sk_test_1=/"})
    secrets = _secrets(source)
    assert secrets.fill("amqps://{username}:{password}@h/", "db") == "amqps://shop:p%40%2F%3A%25@h/"
    assert secrets.fill("{key}", "stripe") == "sk_test_1=/"
    assert secrets.fill("redis://{username}@h", "db") == "redis://shop@h"
    assert source.reads == 2


def test_complete_settings_read_no_secret() -> None:
    source = _Source()
    assert _secrets(source).fill("redis://127.0.0.1:6379", "") == "redis://127.0.0.1:6379"
    assert _secrets(source).fill("", "") == ""
    assert source.reads == 0


def test_a_placeholder_without_a_secret_or_member_is_an_error_without_values() -> None:
    with pytest.raises(SettingsError, match="no setting names one"):
        _secrets(_Source()).fill("{key}", "")
    with pytest.raises(SettingsError, match="no member key") as failure:
        _secrets(_Source(stripe={"other": "hidden"})).fill("{key}", "stripe")
    assert "hidden" not in str(failure.value)


def test_a_rotated_secret_is_seen_after_its_time_to_live() -> None:
    source, clock = _Source(db={"password": "old"}), _Clock()
    secrets = _secrets(source, clock)
    assert secrets.fill("{password}", "db") == "old"
    source.secrets["db"] = {"password": "new"}
    clock.now += TIME_TO_LIVE_SECONDS - 1
    assert not secrets.rotated()
    clock.now += 1
    assert secrets.rotated()
    assert secrets.fill("{password}", "db") == "new"
    clock.now += TIME_TO_LIVE_SECONDS
    assert not secrets.rotated()


def test_while_secrets_cannot_be_read_again_the_known_ones_are_used() -> None:
    source, clock = _Source(db={"password": "old"}), _Clock()
    secrets = _secrets(source, clock)
    secrets.fill("{password}", "db")
    source.available = False
    clock.now += TIME_TO_LIVE_SECONDS
    assert not secrets.rotated()
    assert secrets.fill("{password}", "db") == "old"


class _Connection:
    def __init__(self, url: str) -> None:
        self.url, self.closed = url, False

    def close(self) -> None:
        self.closed = True


def _connect(settings: Settings) -> _Connection:
    return _Connection(credentials(settings.database_url, settings.database_secret))


def test_an_adapter_is_made_again_with_a_rotated_secret() -> None:
    source, clock = _Source(db={"username": "shop", "password": "old"}), _Clock()
    settings = load(
        {
            "SHOP_DATABASE_URL": _URL,
            "SHOP_DATABASE_SECRET": "db",
            "SHOP_REDIS_URL": "redis://localhost",
            "SHOP_RABBITMQ_URL": "amqp://localhost",
        }
    )
    connection: Part[_Connection] = Part(_connect, _Connection.close)
    environment = Environment(settings, _secrets(source, clock))
    first = environment.get(connection)
    assert first.url == _URL.format(username="shop", password="old")
    environment.refresh()
    assert environment.get(connection) is first
    source.secrets["db"] = {"username": "shop", "password": "new"}
    clock.now += TIME_TO_LIVE_SECONDS
    environment.refresh()
    assert first.closed
    assert environment.get(connection).url == _URL.format(username="shop", password="new")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


def test_secrets_manager_is_read_once_in_the_time_to_live(client: Any) -> None:
    arn = client.create_secret(Name="db", SecretString='{"username": "shop", "port": 5432}')["ARN"]
    manager = SecretsManager(client)
    assert manager.read(arn, 60) == {"username": "shop", "port": "5432"}
    client.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "other"}))
    assert manager.read(arn, 60)["username"] == "shop"
    assert SecretsManager(client).read(arn, 60) == {"username": "other"}


def test_a_secret_that_is_missing_or_no_json_is_unavailable_and_not_quoted(client: Any) -> None:
    arn = client.create_secret(Name="text", SecretString="hidden-words")["ARN"]
    for name in (arn, "missing"):
        with pytest.raises(DependencyUnavailable) as failure:
            SecretsManager(client).read(name, 60)
        assert "hidden" not in f"{failure.value} {failure.value.detail}"
