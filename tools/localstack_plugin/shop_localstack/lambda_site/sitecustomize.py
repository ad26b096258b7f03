"""Runs first in every Lambda process: end with LocalStack, and resolve its host names.

Only C modules are imported here: every import slows down every cold start.
"""

import _socket
import _thread
import os

_LOOPBACK_SUFFIXES = (".localhost", "localhost.localstack.cloud", "-localhost", "-127.0.0.1")
_getaddrinfo = _socket.getaddrinfo


def _end_with_parent(fd: int) -> None:
    # LocalStack holds the other end open and writes nothing: this returns when LocalStack is
    # gone, however it ended. The process leads its group, so children go with it.
    os.read(fd, 1)
    os.killpg(os.getpgid(0), 9)


def _resolve(host, *args, **kwargs):  # type: ignore[no-untyped-def]
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.endswith(_LOOPBACK_SUFFIXES):
        host = "127.0.0.1"
    return _getaddrinfo(host, *args, **kwargs)


_socket.getaddrinfo = _resolve
if _fd := os.environ.pop("SHOP_LAMBDA_LIFELINE_FD", None):
    os.set_inheritable(int(_fd), False)
    _thread.start_new_thread(_end_with_parent, (int(_fd),))
