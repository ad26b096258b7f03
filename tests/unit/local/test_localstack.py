"""LocalStack and the address of the broker that it is told when it starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import override

import pytest

from shop_local import processes
from shop_local.paths import State
from shop_local.ports import port_for
from shop_local.services import RunningServices
from shop_local.services.base import Command
from shop_local.services.localstack import LocalStack


class Sleeping(LocalStack):
    """Has LocalStack's environment, and nothing else of it."""

    @override
    def install(self) -> None:
        pass

    @override
    def probe(self) -> None:
        # For a moment a new process has no environment yet.
        assert broker_of(self)

    @override
    def command(self) -> Command:
        return Command(["sleep", "60"], super().command().environment)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sleeping]:
    monkeypatch.delenv("SHOP_RABBITMQ_URL", raising=False)
    made = Sleeping(State(tmp_path))
    yield made
    made.kill()


def broker_of(service: LocalStack) -> str:
    found = processes.find(service.state, "localstack")
    assert found
    process = found.process()
    assert process
    return process.environ().get("SHOP_LOCAL_MQ", "")


def test_localstack_restarts_when_the_brokers_address_has_changed(
    service: Sleeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = port_for(service.state, "rabbitmq")
    assert service.start()
    assert broker_of(service) == f"127.0.0.1:{first}"
    assert not service.start()

    monkeypatch.setenv("SHOP_RABBITMQ_URL", "amqp://shop:secret@mq.example/shop")
    assert service.start()
    assert broker_of(service) == "mq.example:5672"
    assert not service.start()


def test_a_restarted_localstack_is_stopped_when_up_fails(
    service: Sleeping, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.start()
    monkeypatch.setenv("SHOP_RABBITMQ_URL", "amqp://mq.example")
    running = RunningServices(tmp_path, ["localstack"])
    monkeypatch.setitem(running._services, "localstack", service)
    running.start_all()
    running.stop_started()
    assert not service.running()
