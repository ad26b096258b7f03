"""Carts."""

from shop.adapters.redis.carts import RedisCartStore
from shop.bootstrap import Settings, part
from shop.bootstrap.redis import redis
from shop.services.cart.ports import CartStore


@part
def carts(_settings: Settings) -> CartStore:
    """Carts, and the lists of new and idle ones."""
    return RedisCartStore(redis())
