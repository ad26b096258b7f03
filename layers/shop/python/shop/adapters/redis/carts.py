"""Carts in Redis: a hash a cart, written by Lua scripts, so that every write is atomic.

``cart:{user_id}`` holds ``product_id → quantity``, ``seen:product_id → unit price:position`` (the price in
minor units when the line was last written, and where the line stands), and four fields of the cart itself:
``_id``, ``_created``, ``_updated`` (milliseconds of Unix time) and ``_seq`` (the last position given).
``carts:new`` is the set of ``user_id/cart_id`` that have begun, ``carts:idle`` the sorted set of those with
items by their last write. A script touches several keys, so the server runs without cluster mode.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shop.adapters.redis import cart_scripts as scripts
from shop.adapters.redis.client import RedisClient
from shop.domain.cart import (
    LIFETIME,
    MAX_LINES,
    MAX_QUANTITY,
    REPEATED_FOR_SECONDS,
    Cart,
    CartItem,
    TrackedCart,
)
from shop.domain.errors import FieldError, InsufficientStock, InvalidRequest, NotFound
from shop.domain.ids import new_id


class RedisCartStore:
    """See `shop.services.cart.ports.CartStore`."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def read(self, user_id: UUID) -> Cart | None:
        """Read a cart."""
        content = self._redis.execute("HGETALL", _key(user_id))
        return _cart(content) if content else None

    def add(
        self,
        user_id: UUID,
        product_id: UUID,
        quantity: int,
        *,
        available: int,
        price_minor: int,
        request_id: UUID | None = None,
    ) -> Cart | None:
        """Add to a line."""
        return self._write(
            "add", user_id, product_id, quantity, available=available, price=price_minor,
            request_id=request_id,
        )  # fmt: skip

    def set_quantity(
        self, user_id: UUID, product_id: UUID, quantity: int, *, available: int, price_minor: int
    ) -> Cart | None:
        """Set the quantity of a line."""
        return self._write(
            "set", user_id, product_id, quantity, available=available, price=price_minor
        )

    def remove(self, user_id: UUID, product_id: UUID) -> Cart:
        """Take a line out."""
        state, content = self._redis.script(
            scripts.REMOVE, [_key(user_id)], str(user_id), str(product_id)
        )
        if state != b"ok":
            raise _no_such_line(product_id)
        return _cart(content)

    def empty(self, user_id: UUID) -> Cart | None:
        """Take all lines out."""
        state, content = self._redis.script(scripts.REMOVE, [_key(user_id)], str(user_id))
        return _cart(content) if state == b"ok" else None

    def remove_bought(self, user_id: UUID, cart_id: UUID, bought: Mapping[UUID, int]) -> bool:
        """End a cart that was bought."""
        lines = [
            part for product_id, quantity in bought.items() for part in (str(product_id), quantity)
        ]
        answer = self._redis.script(
            scripts.REMOVE_BOUGHT,
            [_key(user_id)],
            str(user_id),
            str(cart_id),
            str(new_id()),
            *lines,
        )
        return bool(answer)

    def merge(self, guest_id: UUID, user_id: UUID) -> None:
        """Move a guest's lines into a user's cart."""
        if guest_id != user_id:
            keys = [_key(guest_id), _key(user_id)]
            self._redis.script(scripts.MERGE, keys, str(guest_id), str(user_id))

    def new_carts(self, limit: int) -> Sequence[TrackedCart]:
        """List carts that have begun."""
        return [
            _tracked(member) for member in self._redis.execute("SRANDMEMBER", scripts.NEW, limit)
        ]

    def idle_carts(self, before: datetime, limit: int) -> Sequence[TrackedCart]:
        """List carts that were left alone."""
        answer = self._redis.execute(
            "ZRANGE", scripts.IDLE, "-inf", f"({_milliseconds(before)}",
            "BYSCORE", "LIMIT", 0, limit, "WITHSCORES",
        )  # fmt: skip
        pairs = zip(answer[::2], answer[1::2], strict=True)
        return [_tracked(member, _moment(score)) for member, score in pairs]

    def reported(self, new: Sequence[TrackedCart], idle: Sequence[TrackedCart]) -> None:
        """Drop carts from the lists."""
        script = self._redis.register(scripts.REPORTED)
        commands = [("SREM", scripts.NEW, _member(cart)) for cart in new]
        commands += [
            script.call([], _milliseconds(cart.last_write_at), _member(cart))
            for cart in idle
            if cart.last_write_at is not None
        ]
        if commands:
            self._redis.pipeline(commands)

    def _write(
        self,
        how: str,
        user_id: UUID,
        product_id: UUID,
        quantity: int,
        *,
        available: int,
        price: int,
        request_id: UUID | None = None,
    ) -> Cart | None:
        state, content = self._redis.script(
            scripts.WRITE, [_key(user_id), f"cart:request:{request_id}"],
            str(user_id), str(product_id), quantity, available, price, str(new_id()), how,
            REPEATED_FOR_SECONDS if request_id else 0,
        )  # fmt: skip
        if state == b"missing":
            raise _no_such_line(product_id)
        if state == b"short":
            raise InsufficientStock(
                f"Only {available} can be had; {content} in the cart.",
                errors=[FieldError("quantity", f"must not make more than {available} in the cart")],
            )
        if state != b"ok":
            raise _too_large(state, content)
        # Nothing is left of a cart that was bought between an addition and its repeat.
        return _cart(content) if content else None


def _cart(answer: list[bytes]) -> Cart:
    fields = dict(zip(answer[::2], answer[1::2], strict=True))
    items: list[tuple[int, CartItem]] = []
    for name, value in fields.items():
        if name.startswith((b"_", b"seen:")):
            continue
        price, _, position = fields.get(b"seen:" + name, b"").decode().partition(":")
        item = CartItem(UUID(name.decode()), int(value), int(price) if price else None)
        items.append((int(position or 0), item))
    items.sort(key=lambda entry: (entry[0], entry[1].product_id))
    return Cart(
        cart_id=UUID(fields[b"_id"].decode()),
        items=tuple(item for _, item in items),
        expires_at=_moment(fields[b"_updated"]) + LIFETIME,
    )


def _too_large(state: bytes, have: int) -> InvalidRequest:
    if state == b"lines":
        error = FieldError("product_id", f"a cart holds at most {MAX_LINES} different products")
    else:
        error = FieldError("quantity", f"at most {MAX_QUANTITY} a product; {have} in the cart")
    return InvalidRequest("The cart would become too large.", errors=[error])


def _no_such_line(product_id: UUID) -> NotFound:
    return NotFound(f"Product {product_id} is not in the cart.", code="cart_item_not_found")


def _key(user_id: UUID) -> str:
    return f"cart:{user_id}"


def _member(cart: TrackedCart) -> str:
    return f"{cart.user_id}/{cart.cart_id}"


def _tracked(member: bytes, last_write_at: datetime | None = None) -> TrackedCart:
    user_id, _, cart_id = member.decode().partition("/")
    return TrackedCart(UUID(cart_id), UUID(user_id), last_write_at)


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
