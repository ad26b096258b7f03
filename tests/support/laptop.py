"""The servers of a test session: started when the first test needs them, one by one."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from shop_local.paths import default_state_folder
from shop_local.services import SERVICES, RunningServices


class LazyServices(RunningServices):
    """All servers of the laptop, none of them started yet."""

    def need(self, *names: str) -> None:
        """Start those of `names` that do not run, in parallel."""
        self.start_some([name for name in names if not self.service(name).running()])


@contextmanager
def lazy_services() -> Iterator[LazyServices]:
    """Give the session its own state folder, and stop the servers that it started at the end."""
    with _free_folder() as folder:
        services = LazyServices(folder, SERVICES)
        # What a session that was cut short has left running, and its messages.
        services.stop_all()
        shutil.rmtree(services.state.data / "rabbitmq", ignore_errors=True)
        try:
            yield services
        finally:
            services.stop_all()


@contextmanager
def _free_folder() -> Iterator[Path]:
    """Lock a folder that no other session of this checkout uses now."""
    base = default_state_folder()
    for number in count():
        folder = base / ("test" if not number else f"test-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "session.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder
            return
