"""A LocalStack in a container, whose functions reach this machine's servers by another address."""

import re
from pathlib import Path

import pytest

from shop_local.containers import HOST, chosen_host, on_host
from shop_local.paths import CHECKOUT, State
from shop_local.services.localstack import LocalStack


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://shop:localhost@127.0.0.1:5432/shop", "postgresql://shop:localhost@{}:5432/shop"),
        ("redis://:127.0.0.1@localhost:6379/0", "redis://:127.0.0.1@{}:6379/0"),
        ("http://localhost", "http://{}"),
        ("https://127.0.0.1.example/pictures", "https://127.0.0.1.example/pictures"),
        ("arn:aws:mq:us-east-1:000000000000:broker:shop", "arn:aws:mq:us-east-1:000000000000:broker:shop"),
    ],
)  # fmt: skip
def test_only_the_host_of_an_address_of_this_machine_is_replaced(
    address: str, expected: str
) -> None:
    assert on_host("172.17.0.1", address) == expected.format("172.17.0.1")


def test_the_machine_has_docker_desktops_name_unless_another_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SHOP_CONTAINER_HOST", raising=False)
    assert chosen_host() == HOST
    monkeypatch.setenv("SHOP_CONTAINER_HOST", "172.17.0.1")
    assert chosen_host() == "172.17.0.1"


def test_a_localstack_that_runs_elsewhere_is_used_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SHOP_LOCALSTACK_URL", "http://127.0.0.1:4566/")
    service = LocalStack(State(tmp_path))
    assert service.settings()["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert not service.start()

    monkeypatch.delenv("SHOP_LOCALSTACK_URL")
    assert not LocalStack(State(tmp_path)).external


def test_the_documented_image_has_the_version_of_the_locked_package() -> None:
    """Its tag is 2026.03.0 where the package is 2026.3.0."""
    lock = (CHECKOUT / "requirements/local-aws.txt").read_text()
    documented = (CHECKOUT / "docs/adding.md").read_text()
    locked = re.search(r"^localstack-core==([\d.]+)", lock, re.MULTILINE)
    image = re.search(r"localstack/localstack:([\d.]+)", documented)
    assert locked
    assert image
    assert [*map(int, image[1].split("."))] == [*map(int, locked[1].split("."))]
