"""Probes of the health check: the smallest request that each server answers."""

import base64
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from shop.adapters.postgres.database import Database
from shop.adapters.redis.connection import RedisClient
from shop.domain.errors import DependencyUnavailable
from shop.services.messaging.ports import Publisher

_HTTP_TIMEOUT_SECONDS: Final = 2.0


class Probe(msgspec.Struct, frozen=True):
    """See `shop.services.platform.ports.Dependency`."""

    name: str
    required: bool
    ask: Callable[[], bool]

    def check(self) -> bool:
        """Return True once the server answers, False if it is not configured."""
        return self.ask()


def probes(
    database: Database,
    redis: RedisClient,
    publisher: Publisher,
    *,
    opensearch_url: str,
    stripe_configured: bool,
) -> list[Probe]:
    """Create the probes of all servers. Stripe's only checks the setting and sends no request."""

    def postgresql() -> bool:
        with database.autocommit() as transaction:
            transaction.send("SELECT 1")
        return True

    def ping() -> bool:
        redis.ping()
        return True

    def rabbitmq() -> bool:
        publisher.ready()
        return True

    def opensearch() -> bool:
        return bool(opensearch_url) and _answers("opensearch", opensearch_url)

    def stripe() -> bool:
        if not stripe_configured:
            raise DependencyUnavailable("stripe", "SHOP_STRIPE_KEY is not set.")
        return True

    return [
        Probe("postgresql", True, postgresql),
        Probe("redis", False, ping),
        Probe("rabbitmq", False, rabbitmq),
        Probe("opensearch", False, opensearch),
        Probe("stripe", False, stripe),
    ]


def _answers(name: str, url: str) -> bool:
    try:
        # The scheme was checked when the settings were read.
        with urllib.request.urlopen(_request(url), timeout=_HTTP_TIMEOUT_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        # A server that refuses the credentials would refuse searches too.
        if error.code < 500 and error.code != 401:
            return True
        raise DependencyUnavailable(name) from error
    except (OSError, http.client.HTTPException) as error:
        raise DependencyUnavailable(name) from error


def _request(url: str) -> urllib.request.Request:
    """Move user and password into a header: urllib treats those in a URL as part of the host."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())  # noqa: S310
    if credentials:
        encoded = base64.b64encode(unquote(credentials).encode()).decode()
        request.add_header("Authorization", f"Basic {encoded}")
    return request
