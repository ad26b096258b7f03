"""Chooses free loopback ports and remembers them, so that addresses stay the same across starts."""

import fcntl
import json
import os
import random
import socket
from collections.abc import Iterator, Sequence

from shop_local.paths import State, write_private

#: Below the range from which the kernel picks ports of outgoing connections.
_CANDIDATES = range(20_000, 32_000)


class PortTaken(Exception):
    """A configured port is in use by another program."""


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(candidates: Sequence[int] = _CANDIDATES) -> Iterator[int]:
    """Draw ports that a server could listen on, and that the kernel gives to no outgoing connection."""
    return filter(is_free, random.sample(candidates, len(candidates)))


def port_for(state: State, name: str, candidates: Sequence[int] = _CANDIDATES) -> int:
    """Return the port of one server that is about to start.

    ``SHOP_PORT_<NAME>`` decides; else the port it had last time, unless taken; else a free one.

    Parameters
    ----------
    candidates : sequence of int
        Ports from which a free one is drawn, for a server that does not take any.

    Raises
    ------
    PortTaken
        If the configured port is not free or not for this server, or no candidate is free.
    """
    variable = f"SHOP_PORT_{name.upper().replace('-', '_')}"
    configured = os.environ.get(variable, "").strip()
    if configured and (not configured.isdigit() or not 0 < int(configured) < 65_536):
        raise PortTaken(f"{variable}={configured!r} is not a port number (1 to 65535)")
    if configured and not is_free(int(configured)):
        raise PortTaken(f"{variable}={configured}: something else listens there already")
    if configured and candidates is not _CANDIDATES and int(configured) not in candidates:
        raise PortTaken(
            f"{variable}={configured} is not one of {candidates[0]} to {candidates[-1]}"
        )
    # Servers start in parallel: they choose one after the other.
    with (state.folder / "ports.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = remembered(state)
        port = int(configured) if configured else known.get(name, 0)
        if not port or not is_free(port):
            free = free_ports(candidates)
            port = next((port for port in free if port not in known.values()), 0)
        if not port:
            raise PortTaken(f"no port from {candidates[0]} to {candidates[-1]} is free for {name}")
        write_private(state.folder / "ports.json", json.dumps(known | {name: port}, indent=1))
    return port


def remembered(state: State) -> dict[str, int]:
    """Return the ports of the last start, by server."""
    path = state.folder / "ports.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}
