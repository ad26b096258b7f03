"""What happens when LocalStack starts and stops."""

import os
import sys
import threading

from localstack.runtime import hooks

from shop_localstack import schedules
from shop_localstack.process import kill_all
from shop_localstack.settings import SETTINGS

GRACE_SECONDS = 0.5


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def start() -> None:
    """Start what runs in the background."""
    if SETTINGS.log_directory:
        SETTINGS.log_directory.mkdir(parents=True, exist_ok=True)
    schedules.start()


@hooks.on_infra_shutdown(priority=100)  # type: ignore[untyped-decorator]
def stop() -> None:
    """End the Lambda processes now, and LocalStack within half a second.

    LocalStack's own shutdown waits for request threads and timers for up to ten minutes. Nothing
    it holds survives a restart, so nothing is lost by leaving at once.
    """
    kill_all()
    timer = threading.Timer(GRACE_SECONDS, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    kill_all()  # one more time: an invocation may have started a process meanwhile
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
