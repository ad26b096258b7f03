"""The HTTP side: reading requests, keys and headers, faults, idempotency, answers."""

from __future__ import annotations

import base64
import binascii
import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from stripe_fake import browser, control, faults, lists, params, routes
from stripe_fake.call import API_VERSION, Call
from stripe_fake.errors import ApiError, invalid
from stripe_fake.faults import Fault
from stripe_fake.idempotency import Answer, Keyed, Keys
from stripe_fake.store import Store, new_id
from stripe_fake.webhooks import Worker

_LARGEST_BODY = 1 << 20


class Disconnect(Exception):
    """Close the connection without an answer."""


class Server(ThreadingHTTPServer):
    """The fake on one loopback port.

    Parameters
    ----------
    store
        The state.
    port
        TCP port; 0 takes a free one.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, store: Store, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = store
        self.keys = Keys(store)
        self.stopping = threading.Event()
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}"
        self.worker = Worker(store, self.base_url)

    def server_bind(self) -> None:
        """Bind without the parent's look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, which faults provoke."""
        import sys  # noqa: PLC0415 - only when something broke

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection's requests."""

    protocol_version = "HTTP/1.1"
    server_version = "stripe-fake"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server
    answers: ClassVar[dict[str, str]] = {"Content-Type": "application/json"}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Keep no access log: ``GET /_fake/requests`` has one."""

    def do_GET(self) -> None:
        """Answer a request."""
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _serve(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, _LARGEST_BODY)).decode()
        except ValueError:
            self.close_connection = True
            return
        address = urlsplit(self.path)
        try:
            if address.path.startswith("/_fake/3ds/"):
                self._browser(address.path.removeprefix("/_fake/3ds/"), body)
            elif address.path.startswith("/_fake/"):
                self._control(address.path.removeprefix("/_fake/"), address.query, body)
            else:
                self._api(address.path, address.query, body)
        except Disconnect:
            self.close_connection = True

    def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
        payload = text.encode()
        self.send_response(status)
        for name, value in {**self.answers, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def _call(self) -> Call:
        return Call(self.server.store, self.server.base_url)

    def _browser(self, intent: str, body: str) -> None:
        with self.server.store.transaction():
            status, text, headers = browser.page(self._call(), intent, self.command, body)
        self._send(status, text, headers)

    def _control(self, path: str, query: str, body: str) -> None:
        try:
            given = json.loads(body) if body else dict(parse_qsl(query))
            if not isinstance(given, dict):
                raise invalid("The body is a JSON object")
            with self.server.store.transaction():
                answer = control.run(self._call(), self.command, path, given)
        except ApiError as error:
            self._send(error.status, json.dumps(error.body("req_control")), {})
        except (json.JSONDecodeError, TypeError) as error:
            self._send(400, json.dumps({"error": {"message": str(error)}}), {})
        else:
            self._send(200, json.dumps(answer), {})

    def _api(self, path: str, query: str, body: str) -> None:
        request_id = new_id("req_", 14)
        key = self.headers.get("Idempotency-Key") if self.command == "POST" else None
        sent = query if self.command == "GET" else body
        fault = faults.strike(self.server.store, self.command, path)
        replayed = False
        status: int | None = None
        try:
            answer, replayed = self._execute(path, sent, request_id, key, fault=fault)
            status = answer.status
            if fault is not None and fault.when == "after":
                error = self._suffer(fault)
                if error is not None:
                    status = error.status
                    answer = Answer(status, json.dumps(error.body(request_id)), request_id)
        except ApiError as error:
            status = error.status
            answer = Answer(status, json.dumps(error.body(request_id)), request_id)
        finally:
            with self.server.store.transaction():
                self.server.store.log_request(
                    request_id,
                    time.time(),
                    self.command,
                    path,
                    key,
                    status,
                    replayed,
                    fault and fault.action,
                )
        headers = {
            "Request-Id": request_id,
            "Stripe-Version": self._version(),
        }
        if key is not None:
            headers["Idempotency-Key"] = key
            headers["Original-Request"] = answer.request_id
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        self._send(answer.status, answer.body, headers)

    def _suffer(self, fault: Fault) -> ApiError | None:
        """Wait, cut the connection or return the error a fault asks for."""
        if fault.seconds:
            self.server.stopping.wait(fault.seconds)
        if fault.action == "close":
            raise Disconnect
        return fault.error() if fault.action == "status" else None

    def _execute(
        self, path: str, raw_text: str, request_id: str, key: str | None, *, fault: Fault | None
    ) -> tuple[Answer, bool]:
        account = self._account()
        found = routes.find(self.command, path)
        if found is None:
            raise ApiError(
                404,
                "invalid_request_error",
                f"Unrecognized request URL ({self.command}: {path}). Please see"
                " https://stripe.com/docs or we can help at https://support.stripe.com/.",
            )
        route, ids = found
        raw = params.decode(raw_text)
        store, keys = self.server.store, self.server.keys
        keyed = None if key is None else Keyed(account, key, self.command, path, raw)
        with keys.held(account, key):
            if fault is not None and fault.when == "before":
                error = self._suffer(fault)
                if error is not None:
                    if keyed and fault.stored:
                        keys.keep(keyed, _error_answer(error, request_id))
                    raise error
            with store.transaction():
                kept = keyed and keys.stored(keyed)
                if kept:
                    return kept, True
                given = params.check(raw, route.table)
                call = Call(store, self.server.base_url, given, request_id, key, self._version())
                try:
                    text = json.dumps(lists.expand(call, route.handler(call, *ids)))
                    answer = Answer(200, text, request_id)
                except ApiError as error:
                    if not error.final:
                        raise
                    answer = _error_answer(error, request_id)
                if keyed:
                    lost = fault if fault and fault.stored and fault.when == "after" else None
                    keys.keep(keyed, _error_answer(lost.error(), request_id) if lost else answer)
                return answer, False

    def _version(self) -> str:
        return self.headers.get("Stripe-Version") or API_VERSION

    def _account(self) -> str:
        """Return the API key, given as a bearer token or as the user of basic authentication."""
        scheme, _, value = (self.headers.get("Authorization") or "").partition(" ")
        key = value.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
        if not key:
            raise ApiError(
                401,
                "invalid_request_error",
                "You did not provide an API key. You need to provide your API key in the"
                " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                " YOUR_SECRET_KEY').",
            )
        if not key.startswith("sk_test_"):
            shown = f"{key[:8]}{'*' * 8}"
            raise ApiError(401, "invalid_request_error", f"Invalid API Key provided: {shown}")
        return key


def _error_answer(error: ApiError, request_id: str) -> Answer:
    return Answer(error.status, json.dumps(error.body(request_id)), request_id)
