"""Run the fake: ``python -m stripe_fake --port N --state FILE``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from stripe_fake import webhooks
from stripe_fake.errors import ApiError
from stripe_fake.server import Server
from stripe_fake.store import Store


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stripe_fake", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0: a free one")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("stripe_fake.sqlite3"),
        help="SQLite file with the state; default: stripe_fake.sqlite3 in the working directory",
    )
    parser.add_argument("--webhook-url", help="where events are sent; may be set later")
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET"),
        help="whsec_…, for endpoints that bring none; default: $STRIPE_WEBHOOK_SECRET",
    )
    return parser.parse_args()


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    arguments = _arguments()
    try:
        store = Store(arguments.state)
        store.webhook_secret = arguments.webhook_secret
        if arguments.webhook_url:
            default = {
                "id": "default",
                "url": arguments.webhook_url,
                "secret": arguments.webhook_secret,
            }
            with store.transaction():
                webhooks.put_endpoint(store, default)
        server = Server(store, arguments.port)
    except (ApiError, OSError) as error:
        sys.stderr.write(f"stripe_fake: cannot start: {error}\n")
        return 1

    def stop(_signal: int, _frame: object) -> None:
        server.stopping.set()
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.worker.start()
    sys.stdout.write(f"stripe_fake: listening on {server.base_url}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    server.worker.stop()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
