"""Changes to LocalStack's own services.

They are applied when the first function is created and not when LocalStack starts, since the
services they change take seconds to import and LocalStack imports them on first use.
"""

import threading
from functools import cache

_lock = threading.Lock()


def apply_once() -> None:
    """Apply all changes; calls after the first do nothing."""
    with _lock:
        _apply()


@cache
def _apply() -> None:
    from shop_localstack import (  # noqa: PLC0415 - see above
        access_log,
        express_billing,
        function_logs,
        gateway,
        invocations,
        log_store,
        overhead,
        pool,
    )

    overhead.apply()
    pool.apply()
    gateway.apply()
    log_store.apply()
    function_logs.apply()
    access_log.apply()
    invocations.apply()
    express_billing.apply()
