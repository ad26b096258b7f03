"""A small Redis client: one connection, pipelining, Lua scripts; parsing and packing by hiredis.

redis-py imports in 200 ms, which every cold start would pay; hiredis imports in 1 ms (docs/adr).
"""

import hashlib
import socket
import threading
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import hiredis

from shop.domain.errors import DependencyUnavailable

type Argument = str | bytes | int | float
type Command = tuple[Any, ...]

_TIMEOUT_SECONDS: Final = 2.0
#: ``ssl.SSL_ERROR_WANT_READ``: nothing to read yet, of a connection with TLS.
_TLS_WANTS_MORE: Final = 2
#: Refusals that say nothing about the command, only that this server cannot serve it now.
_NOT_NOW: Final = (
    "BUSY ", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY",
    "TRYAGAIN",
)  # fmt: skip
#: Of these, what another server would not say: the address leads to the new primary by now.
_WRONG_SERVER: Final = ("MASTERDOWN", "READONLY")


class Script:
    """A Lua script, sent by its digest and in full only when the server does not know it yet."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[str], *args: Argument) -> Command:
        """Make the command that runs the script over `keys` with `args`."""
        return ("EVALSHA", self.sha, len(keys), *keys, *args)


class RedisClient:
    """One connection to Redis or Valkey, opened on first use and again after a loss.

    Parameters
    ----------
    url : str
        ``redis[s]://[user:password@]host[:port][/db]``.

    Attributes
    ----------
    round_trips : int
        How often it waited for the server, for the budgets' tests.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self._lock = threading.Lock()
        self._scripts: dict[str, Script] = {}
        self.round_trips = 0

    def execute(self, *command: Argument) -> Any:
        """Send one command and give its answer.

        Raises
        ------
        DependencyUnavailable
            If the server is away.
        hiredis.ReplyError
            If the server refuses the command.
        """
        return self.pipeline([command])[0]

    def script(self, script: Script, keys: Sequence[str], *args: Argument) -> Any:
        """Run a Lua script."""
        self.register(script)
        return self.execute(*script.call(keys, *args))

    def register(self, script: Script) -> Script:
        """Make a script known, so that its call may stand in a pipeline."""
        self._scripts[script.sha] = script
        return script

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Send several commands in one round trip and give their answers, in order.

        A connection that was lost while idle is opened again; once the server may have read the
        commands they are not repeated, because they may not be idempotent.
        """
        with self._lock:
            for attempt in (1, 2):
                reused = self._socket is not None
                try:
                    answers = self._exchange(commands)
                    break
                except (OSError, hiredis.ProtocolError) as error:
                    self._close()
                    idle_loss = reused and attempt == 1 and isinstance(error, _NothingReadError)
                    if not idle_loss:
                        raise DependencyUnavailable("redis") from error
            for index, answer in enumerate(answers):
                if isinstance(answer, hiredis.ReplyError):
                    answers[index] = self._mend(commands[index], answer)
            return answers

    def pushed(self) -> list[Any]:
        """Read, without waiting, what the server has sent of its own accord.

        Raises
        ------
        DependencyUnavailable
            If there is no connection (any more).
        """
        with self._lock:
            connection = self._socket
            if connection is None:
                raise DependencyUnavailable("redis")
            connection.setblocking(False)
            try:
                while data := connection.recv(65536):
                    self._reader.feed(data)
                raise ConnectionError("closed")
            except OSError as error:
                if not isinstance(error, BlockingIOError) and error.errno != _TLS_WANTS_MORE:
                    self._close()
                    raise DependencyUnavailable("redis") from error
            connection.settimeout(_TIMEOUT_SECONDS)
            return list(iter(self._reader.gets, False))

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        with self._lock:
            self._close()

    def _mend(self, command: Command, error: hiredis.ReplyError) -> Any:
        if str(error).startswith("NOSCRIPT") and (script := self._scripts.get(str(command[1]))):
            try:
                answer = self._exchange([("EVAL", script.source, *command[2:])])[0]
            except (OSError, hiredis.ProtocolError) as lost:
                self._close()
                raise DependencyUnavailable("redis") from lost
            if not isinstance(answer, hiredis.ReplyError):
                return answer
            error = answer
        if str(error).startswith(_NOT_NOW):
            if str(error).startswith(_WRONG_SERVER):
                self._close()
            raise DependencyUnavailable("redis") from error
        raise error

    def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._socket or self._connect()
        connection.sendall(b"".join(hiredis.pack_command(command) for command in commands))
        self.round_trips += 1
        answers: list[Any] = []
        nothing_read = True
        while len(answers) < len(commands):
            answer = self._reader.gets()
            if answer is False:
                data = connection.recv(65536)
                if not data:
                    raise _NothingReadError("closed") if nothing_read else ConnectionError("closed")
                nothing_read = False
                self._reader.feed(data)
            else:
                answers.append(answer)
        return answers

    def _connect(self) -> socket.socket:
        url = self._url
        host, port = url.hostname or "127.0.0.1", url.port or 6379
        connection = socket.create_connection((host, port), _TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "rediss":
            import ssl

            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        self._socket, self._reader = connection, hiredis.Reader()
        greeting: list[Command] = []
        if url.password:
            user = (unquote(url.username),) if url.username else ()
            greeting.append(("AUTH", *user, unquote(url.password)))
        if database := url.path.strip("/"):
            greeting.append(("SELECT", database))
        if greeting:
            for answer in self._exchange(greeting):
                if isinstance(answer, hiredis.ReplyError):
                    raise ConnectionError(str(answer))
        return connection

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _NothingReadError(ConnectionError):
    """The server closed the connection before it answered anything."""
