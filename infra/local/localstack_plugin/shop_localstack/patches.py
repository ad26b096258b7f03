"""Changes to LocalStack's own services.

They are applied when the first function is created and not when LocalStack starts, since the
services they change take seconds to import and LocalStack imports them on first use.
"""

import threading

_lock = threading.Lock()
_applied = False


def apply_once() -> None:
    """Apply all changes; calls after the first do nothing."""
    global _applied
    with _lock:
        if not _applied:
            from shop_localstack import gateway, overhead, pool

            overhead.apply()
            pool.apply()
            gateway.apply()
            _applied = True
