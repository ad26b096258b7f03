"""A TCP proxy in front of a server that loses connections in several ways."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class CuttableProxy:
    """Forwards connections to a server until it is told to lose them.

    Parameters
    ----------
    url : str
        The server's address; `url` of the proxy is the same with the proxy's host and port.

    Attributes
    ----------
    accepted : int
        How many connections clients have opened.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.accepted = 0
        self._is_cut = False
        self._loses_replies = False
        self._servers: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        credentials, at, _ = parts.netloc.rpartition("@")
        address = f"{credentials}{at}127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=address))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Reset every connection, and every new one."""
        self._is_cut = True
        self._drop_all()

    def lose_replies(self) -> None:
        """Hand requests to the server, but close the connection instead of forwarding its reply."""
        self._loses_replies = True

    def drop_server_side(self) -> None:
        """Close the server's side of every connection; a client learns of it when it sends something.

        So does a client behind a gateway that dropped an idle connection, or one that was frozen while the
        server closed it.
        """
        for end in list(self._servers):
            self._servers.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Forward everything again."""
        self._is_cut = self._loses_replies = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A blocked accept() goes on only when the listener is shut down, not when it is closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._drop_all()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self._is_cut:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._servers.add(server)
            self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        is_reply = source in self._servers
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and not (is_reply and self._loses_replies):
                sink.sendall(data)
        if is_reply and source not in self._servers:
            return  # the client's next request finds it closed
        for end in (source, sink):
            self._servers.discard(end)
            self._drop(end)

    def _drop_all(self) -> None:
        for end in list(self._open):
            self._drop(end)

    def _drop(self, end: socket.socket) -> None:
        self._open.discard(end)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
