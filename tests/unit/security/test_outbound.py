"""No request goes to an address that a client has sent (SSRF): adapters connect to what settings name."""

import ast
from typing import Final, get_type_hints

from shop.bootstrap.settings import Settings
from shop_local.paths import CHECKOUT

_SHOP: Final = CHECKOUT / "layers/shop/python/shop"
#: What can open a connection to an address.
_CLIENTS: Final = frozenset(
    {
        "aiohttp", "boto3", "ftplib", "http", "httpx", "opensearchpy", "pika", "psycopg", "redis",
        "requests", "smtplib", "socket", "ssl", "stripe", "urllib3",
    }
)  # fmt: skip
#: Packages of adapters; each class takes its address or region from the settings.
_ADAPTERS: Final = frozenset({"aws", "opensearch", "postgres", "rabbitmq", "redis", "stripe"})


def _connecting() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in [*_SHOP.rglob("*.py"), *(CHECKOUT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            clients = {
                name
                for name in names
                if name.split(".")[0] in _CLIENTS or name.startswith("urllib.request")
            }
            if clients:
                found.setdefault(str(path.relative_to(CHECKOUT)), set()).update(clients)
    return found


def test_only_adapters_can_connect() -> None:
    root = "layers/shop/python/shop"
    elsewhere = {
        path: clients
        for path, clients in _connecting().items()
        if not any(path.startswith(f"{root}/adapters/{name}/") for name in _ADAPTERS)
    }
    # The health check asks the servers that the settings name; the command handles an error of its driver.
    assert set(elsewhere) == {
        f"{root}/adapters/probes.py", f"{root}/entrypoints/commands/reindex.py",
    }  # fmt: skip
    assert elsewhere[f"{root}/entrypoints/commands/reindex.py"] == {"opensearchpy.exceptions"}


def test_every_address_is_a_setting() -> None:
    addresses = {name for name in get_type_hints(Settings) if name.endswith("_url")}
    assert addresses == {
        "database_url", "redis_url", "rabbitmq_url", "opensearch_url", "stripe_url", "site_url",
    }  # fmt: skip


def test_the_url_that_clients_send_is_stored_and_shown_but_not_followed() -> None:
    """Pictures of products; browsers load them."""
    users = {
        str(path.relative_to(_SHOP))
        for path in _SHOP.rglob("*.py")
        if "image_url" in path.read_text() and "services" in path.parts
    }
    connecting = _connecting()
    assert users
    assert not [name for name in users if f"layers/shop/python/shop/{name}" in connecting]
