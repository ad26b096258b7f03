"""The fake as a process of its own, the official SDK against it, and a receiver of webhooks."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import stripe

SECRET = "whsec_receiver"
_PACKAGES = Path(__file__).parents[2]


@dataclass
class Process:
    """One running fake."""

    popen: subprocess.Popen[str]
    url: str
    ready_cpu_seconds: float

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(10)
        assert self.popen.stdout is not None
        self.popen.stdout.close()


def start(state: Path, *arguments: str) -> Process:
    """Start the fake on a free port and wait for its first line."""
    popen = subprocess.Popen(
        [sys.executable, "-m", "stripe_fake", "--state", str(state), *arguments],
        env={**os.environ, "PYTHONPATH": str(_PACKAGES)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert popen.stdout is not None
    line = popen.stdout.readline()
    assert "listening on" in line, line
    used = psutil.Process(popen.pid).cpu_times()
    return Process(popen, line.split()[-1], used.user + used.system)


class Fake:
    """The control API, and SDK clients for the same process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30)
        self.client = self.connect()

    def connect(self, *, retries: int = 0, timeout: float = 10) -> stripe.StripeClient:
        return stripe.StripeClient(
            "sk_test_tests",
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout),
        )

    def control(self, verb: str, resource: str, /, **document: Any) -> Any:
        answer = self.http.request(verb, f"/_fake/{resource}", json=document or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": "Bearer sk_test_raw", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def pay(self, method: str = "pm_card_visa", *, key: str | None = None, **more: Any) -> Any:
        params: Any = {
            "amount": 1999,
            "currency": "usd",
            "confirm": True,
            "payment_method": method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            **more,
        }
        return self.client.v1.payment_intents.create(
            params, {"idempotency_key": key} if key else {}
        )


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    running = start(tmp_path_factory.mktemp("stripe") / "state.sqlite3")
    yield running
    running.stop()


@pytest.fixture
def fake(process: Process) -> Iterator[Fake]:
    """The fake with nothing in it."""
    fake = Fake(process.url)
    fake.control("POST", "reset", keep_endpoints=False)
    fake.control(
        "POST", "settings", webhook_retry_seconds=[0.05], processing_seconds=60, refund_seconds=60
    )
    yield fake
    fake.http.close()


@dataclass
class Receiver:
    """A webhook endpoint that keeps what it gets; ``statuses`` are its next answers."""

    url: str
    statuses: list[int] = field(default_factory=list)
    got: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)

    def take(self, count: int = 1) -> list[stripe.Event]:
        """Return the next events, each with its signature verified by the SDK."""
        taken = []
        for _ in range(count):
            signature, payload = self.got.get(timeout=30)
            taken.append(stripe.Webhook.construct_event(payload, signature, SECRET))
        return taken

    def quiet(self, seconds: float = 0.3) -> bool:
        """Return whether nothing comes for a while."""
        try:
            self.got.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


@pytest.fixture
def make_receiver(fake: Fake) -> Iterator[Callable[..., Receiver]]:
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def make(*enabled: str) -> Receiver:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                made.got.put((self.headers["Stripe-Signature"], payload))
                status = made.statuses.pop(0) if made.statuses else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        made = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook?a=1")
        fake.control(
            "POST",
            "webhooks/endpoints",
            url=made.url,
            secret=SECRET,
            enabled_events=list(enabled) or ["*"],
        )
        return made

    yield make
    fake.control("POST", "reset", keep_endpoints=False)
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    return make_receiver()
