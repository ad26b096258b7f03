"""What the health check asks: the smallest request that each server answers."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

import msgspec

from shop.adapters.postgres.database import Database
from shop.adapters.redis_client import RedisClient
from shop.domain.errors import DependencyUnavailable
from shop.services.ports.messaging import Publisher
from shop.settings import Settings

_HTTP_TIMEOUT_SECONDS: Final = 2.0


class Probe(msgspec.Struct, frozen=True):
    """See `shop.services.ports.operations.Dependency`."""

    name: str
    required: bool
    ask: Callable[[], bool]

    def check(self) -> bool:
        """Return when it answers; False if it is not configured."""
        return self.ask()


def probes(
    settings: Settings,
    database: Callable[[], Database],
    redis: Callable[[], RedisClient],
    publisher: Callable[[], Publisher],
) -> list[Probe]:
    """Make the probes of all servers. Stripe is another company's: only its setting is looked at."""

    def postgresql() -> bool:
        with database().transaction() as transaction:
            transaction.execute("SELECT 1")
        return True

    def ping() -> bool:
        redis().execute("PING")
        return True

    def rabbitmq() -> bool:
        publisher().ready()
        return True

    def opensearch() -> bool:
        return bool(settings.opensearch_url) and _answers("opensearch", settings.opensearch_url)

    def stripe() -> bool:
        if not settings.stripe_key:
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
        with urllib.request.urlopen(url, timeout=_HTTP_TIMEOUT_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        if error.code < 500:
            return True
        raise DependencyUnavailable(name) from error
    except OSError as error:
        raise DependencyUnavailable(name) from error
