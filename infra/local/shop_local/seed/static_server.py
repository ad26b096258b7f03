"""A tiny static server for the laptop, with the cache rules that CloudFront applies on AWS."""

import argparse
import hashlib
import json
import mimetypes
import signal
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

DAY = 86_400
IMAGE_MAX_AGE = 30 * DAY
STATIC_MAX_AGE = 90 * DAY
LOOPBACK = "127.0.0.1"


class StaticHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD with files below ``root``, never above it."""

    protocol_version = "HTTP/1.1"
    server_version = "shop-static"
    sys_version = ""
    timeout = 30
    root: Path

    def do_GET(self) -> None:
        """Answer with the file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of the file alone."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if (file := self._locate()) is None:
            self._problem(with_body=with_body)
            return
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        age = IMAGE_MAX_AGE if kind.startswith("image/") else STATIC_MAX_AGE
        fresh = _matches(self.headers.get("If-None-Match", ""), etag)
        self.send_response(HTTPStatus.NOT_MODIFIED if fresh else HTTPStatus.OK)
        self.send_header("ETag", etag)
        self.send_header("Cache-Control", f"public, max-age={age}, immutable")
        self.send_header("Last-Modified", formatdate(file.stat().st_mtime, usegmt=True))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("X-Content-Type-Options", "nosniff")
        if not fresh:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and not fresh:
            self.wfile.write(body)

    def _locate(self) -> Path | None:
        path = unquote(urlsplit(self.path).path)
        if "\0" in path or "\\" in path:
            return None
        file = (self.root / path.lstrip("/")).resolve()
        return file if file.is_relative_to(self.root) and file.is_file() else None

    def _problem(self, *, with_body: bool) -> None:
        body = json.dumps(
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "file_not_found",
                "detail": "There is no such file.",
            }
        ).encode()
        self.send_response(HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Suppress the access log: a page of the catalog requests twenty pictures."""


class StaticServer(ThreadingHTTPServer):
    """A loopback server whose threads end with the process."""

    daemon_threads = True
    request_queue_size = 64


def serve(root: Path, port: int) -> StaticServer:
    """Bind a server to loopback; the caller runs ``serve_forever()``.

    Parameters
    ----------
    root
        Folder whose files are served.
    port
        TCP port, 0 for any free one.
    """
    handler = type("BoundStaticHandler", (StaticHandler,), {"root": root.resolve()})
    return StaticServer((LOOPBACK, port), handler)


def _matches(header: str, etag: str) -> bool:
    candidates = {part.strip().removeprefix("W/") for part in header.split(",")}
    return etag in candidates or "*" in candidates


def main(arguments: list[str] | None = None) -> None:
    """Serve a folder until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve images and static files on loopback.")
    parser.add_argument("--port", type=int, required=True, help="TCP port, 0 for any free one")
    parser.add_argument("--root", type=Path, required=True, help="folder to serve")
    options = parser.parse_args(arguments)
    if not options.root.is_dir():
        parser.error(f"--root {options.root} is not a folder; draw the images first")
    with serve(options.root, options.port) as server:
        # shutdown() waits for the loop, which runs in the thread that handles the signal.
        signal.signal(signal.SIGTERM, lambda *_: Thread(target=server.shutdown).start())
        print(f"http://{LOOPBACK}:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
