"""The addresses at which a container reaches the servers of the machine that it runs on."""

import os
import re
from typing import Final

#: The name that Docker Desktop gives that machine.
HOST: Final = "host.docker.internal"
_HERE: Final = re.compile(r"^(?P<before>[a-z]+://(?:[^@/]*@)?)(?:127\.0\.0\.1|localhost)(?=[:/]|$)")


def chosen_host() -> str:
    """Return ``SHOP_CONTAINER_HOST``, or Docker Desktop's name of the machine."""
    return os.environ.get("SHOP_CONTAINER_HOST", "").strip() or HOST


def on_host(host: str, value: str) -> str:
    """Put a host into an address of this machine; the text before the @ may be a password."""
    return _HERE.sub(rf"\g<before>{host}", value)
