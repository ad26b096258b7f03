"""The servers of the laptop, one module each, started together and in parallel."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final, Self

from shop_local.console import say
from shop_local.paths import State
from shop_local.services.base import Service, ServiceError
from shop_local.services.images import Images
from shop_local.services.localstack import LocalStack
from shop_local.services.opensearch import OpenSearch
from shop_local.services.postgres import PostgreSQL
from shop_local.services.rabbitmq import RabbitMQ
from shop_local.services.stripe import Stripe
from shop_local.services.valkey import Valkey

#: By the names that commands and tests use.
SERVICES: Final[dict[str, type[Service]]] = {
    service.name: service
    for service in (PostgreSQL, Valkey, RabbitMQ, OpenSearch, Stripe, Images, LocalStack)
}


class RunningServices:
    """Servers of one stack.

    Parameters
    ----------
    state_folder : Path
        Folder of the stack; made when missing.
    names : iterable of str
        Of `SERVICES`.
    """

    def __init__(self, state_folder: Path, names: Iterable[str]) -> None:
        self.state = State(state_folder)
        self._services = {name: SERVICES[name](self.state) for name in names}
        self._started: set[str] = set()

    @property
    def environment(self) -> dict[str, str]:
        """The application's settings (``SHOP_DATABASE_URL`` …) that lead to the servers."""
        return {
            key: value
            for service in self._services.values()
            for key, value in service.settings().items()
        }

    def service(self, name: str) -> Service:
        """Return one server."""
        return self._services[name]

    def start_all(self, *, progress: bool = False) -> Self:
        """Start all in parallel.

        Parameters
        ----------
        progress : bool
            Whether to print a line a server.

        Raises
        ------
        ServiceError
            For everything that did not start; those started now have been stopped again.
        """
        return self.start_some(self._services, progress=progress)

    def start_some(self, names: Iterable[str], *, progress: bool = False) -> Self:
        """Start some in parallel; otherwise like `start_all`."""
        names = list(names)
        # All ports before the first start: LocalStack is told the broker's.
        for service in map(self.service, names):
            if not service.external and not service.running():
                service.reserve_port()
        with ThreadPoolExecutor(max_workers=len(SERVICES)) as pool:
            tasks = {
                name: pool.submit(self._start, self._services[name], progress) for name in names
            }
            try:
                problems = [
                    f"{self._services[name].title}: {error}"
                    for name, task in tasks.items()
                    if (error := task.exception()) is not None
                ]
            except BaseException:
                # Ctrl-C while they start: end what there is, so that the waiting threads finish.
                self.kill_started()
                raise
        if problems:
            self.stop_started()
            raise ServiceError("\n".join(problems))
        return self

    def start(self, name: str) -> None:
        """Start one server (again), on the port it had."""
        self._start(self._services[name])

    def stop(self, name: str) -> None:
        """Stop one server gracefully."""
        self._services[name].stop()

    def kill(self, name: str) -> None:
        """Kill one server, as in a crash."""
        self._services[name].kill()

    def stop_all(self) -> None:
        """Stop every server, in parallel."""
        self._each(self._services.values(), lambda service: service.stop())

    def stop_started(self) -> None:
        """Stop the servers that this object has started."""
        self._each([self._services[name] for name in self._started], lambda service: service.stop())

    def kill_started(self) -> None:
        """End the servers that this object has started or is starting."""
        self._each([self._services[name] for name in self._started], lambda service: service.kill())

    def _start(self, service: Service, progress: bool = False) -> None:
        begin = monotonic()
        if progress:
            service.report = lambda text: say(service.title, text)
        if not service.external and not service.running():
            self._started.add(service.name)
        fresh = service.start()
        if fresh:
            # Includes one that was running in the wrong state and was restarted.
            self._started.add(service.name)
        if progress and service.absent:
            say(service.title, service.absent)
        elif progress:
            where = "elsewhere, as set" if service.external else f"on 127.0.0.1:{service.port}"
            state = "ready" if fresh else "running"
            say(service.title, f"{state} {where} ({monotonic() - begin:.1f} s)")

    @staticmethod
    def _each(services: Iterable[Service], action: Callable[[Service], None]) -> None:
        with ThreadPoolExecutor(max_workers=8) as pool:
            for task in [pool.submit(action, service) for service in services]:
                task.result()


@contextmanager
def start_services(state_folder: Path, names: Iterable[str]) -> Iterator[RunningServices]:
    """Run servers during a block; servers that ran before it keep running.

    Parameters
    ----------
    state_folder : Path
        Folder of their data, logs and records.
    names : iterable of str
        ``postgresql``, ``valkey``, ``rabbitmq``, ``opensearch``, ``stripe``, ``localstack``.

    Yields
    ------
    RunningServices
        With `environment`, `stop`, `start` and `kill`.
    """
    running = RunningServices(state_folder, names)
    try:
        yield running.start_all()
    finally:
        running.stop_started()
