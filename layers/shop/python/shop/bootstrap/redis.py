"""The connection to Redis."""

from shop.adapters.redis.connection import RedisClient, make_client
from shop.bootstrap import Settings, address, part


def _close(client: RedisClient) -> None:
    client.close()


@part(close=_close)
def redis(settings: Settings) -> RedisClient:
    """The connection to Redis."""
    return make_client(address("redis_url", settings.redis_url, settings.redis_secret))
