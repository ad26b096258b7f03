"""Stands for Step Functions: every execution of place_order succeeds at once."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.servers import body


class _Placement(http.server.BaseHTTPRequestHandler):
    """Stands for Step Functions: every execution of place_order succeeds at once."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer StartSyncExecution."""
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"status": "SUCCEEDED", "output": _placed(json.loads(call["input"]))})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _placed(command: dict[str, Any]) -> str:
    now = datetime.now(UTC)
    (item,) = command["items"]
    line = {"product_id": item["product_id"], "name": "Thing", "unit_price_minor": 1000}
    return body(
        order_id=command["order_id"],
        status="PENDING",
        currency="USD",
        lines=[line | {"quantity": 1}],
        items=[{"product_id": item["product_id"], "quantity": 1}],
        subtotal_minor=1000,
        tax_minor=0,
        shipping_minor=0,
        total_minor=1000,
        reservation_expires_at=(now + timedelta(minutes=10)).isoformat(),
        estimated_delivery=now.date().isoformat(),
        payment_timeout_seconds=660,
        correlation_id=command["correlation_id"],
    )


@contextmanager
def step_functions() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Placement)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
