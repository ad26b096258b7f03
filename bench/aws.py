"""A stub of AWS: every checkout execution succeeds at once, every e-mail is accepted."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from shop.contracts.tasks import PlacedOrder
from shop.domain.orders import Order, OrderLine, OrderStatus

_SENT = """<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">
<SendEmailResult><MessageId>bench</MessageId></SendEmailResult>
<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></SendEmailResponse>"""


class _Aws(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer StartSyncExecution or SendEmail."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "X-Amz-Target" in self.headers:
            output = _placed(json.loads(json.loads(body)["input"]))
            answer = json.dumps({"status": "SUCCEEDED", "output": output})
            kind = "application/x-amz-json-1.0"
        else:
            answer, kind = _SENT, "text/xml"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


def _placed(command: dict[str, Any]) -> str:
    now = datetime.now(UTC)
    order = Order(
        order_id=UUID(command["order_id"]),
        user_id=UUID(command["user_id"]),
        email=command["email"],
        status=OrderStatus.PENDING,
        currency="USD",
        subtotal_minor=1000,
        tax_minor=0,
        shipping_minor=0,
        total_minor=1000,
        shipping_address=command["shipping_address"],
        shipping_method=command["shipping_method"],
        payment_method_id=command["payment_method_id"],
        reservation_expires_at=now + timedelta(minutes=10),
        estimated_delivery=now.date(),
        carrier=None,
        tracking_number=None,
        cancel_reason=None,
        correlation_id=UUID(command["correlation_id"]),
        created_at=now,
        lines=tuple(
            OrderLine(
                product_id=UUID(item["product_id"]),
                name="Thing",
                unit_price_minor=1000,
                quantity=item["quantity"],
            )
            for item in command["items"]
        ),
    )
    return msgspec.json.encode(PlacedOrder(order=order)).decode()


@contextmanager
def aws() -> Iterator[dict[str, str]]:
    """Run the stub in a thread; yield the environment that points boto3 to it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Aws)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            # StartSyncExecution calls the host sync-<host>.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
    finally:
        server.shutdown()
        server.server_close()
