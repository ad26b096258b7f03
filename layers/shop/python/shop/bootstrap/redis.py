"""The connection to Redis."""

from shop.adapters.redis.connection import RedisClient, make_client
from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.settings import given


def _close(client: RedisClient) -> None:
    client.close()


@part(close=_close)
def redis(settings: Settings) -> RedisClient:
    """The connection to Redis."""
    return make_client(credentials(given("redis_url", settings.redis_url), settings.redis_secret))
