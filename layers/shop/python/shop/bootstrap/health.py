"""The probes of the health check."""

from shop.adapters.probes import Probe, probes
from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.postgres import database
from shop.bootstrap.rabbitmq import publisher
from shop.bootstrap.redis import redis


@part
def dependencies(settings: Settings) -> list[Probe]:
    """A probe for every server; each connects when it is checked."""
    return probes(
        database(),
        redis(),
        publisher(),
        opensearch_url=credentials(settings.opensearch_url, settings.opensearch_secret),
        stripe_configured=settings.stripe_configured,
    )
