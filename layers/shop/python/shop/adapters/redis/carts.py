"""Carts in Redis: one hash per cart, written by Lua scripts, so that every write is atomic.

``cart:{user_id}`` holds ``product_id → quantity``, ``seen:product_id → unit price:position`` (the price in
minor units when the line was last written, and the line's position), and four fields of the cart itself:
``_id``, ``_created``, ``_updated`` (milliseconds of Unix time) and ``_seq`` (the last position given).
``carts:new`` is the set of ``user_id/cart_id`` of new carts; ``carts:idle`` is the sorted set of carts with
items, scored by their last write. A script touches several keys, so the server runs without cluster mode.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast, override
from uuid import UUID

from shop.adapters.redis import cart_scripts as scripts
from shop.adapters.redis.connection import RedisClient
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
from shop.services.cart.ports import CartStore


class RedisCartStore(CartStore):
    """Carts, and the lists of those that are new or idle.

    Parameters
    ----------
    redis : RedisClient
        The server.
    """

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._write_line = redis.register_script(scripts.WRITE)
        self._remove_lines = redis.register_script(scripts.REMOVE)
        self._remove_bought = redis.register_script(scripts.REMOVE_BOUGHT)
        self._has_taken = redis.register_script(scripts.HAS_TAKEN)
        self._give_back = redis.register_script(scripts.GIVE_BACK)
        self._merge = redis.register_script(scripts.MERGE)
        self._reported = redis.register_script(scripts.REPORTED)

    @override
    def read(self, user_id: UUID) -> Cart | None:
        content = cast("dict[str, str]", self._redis.hgetall(_key(user_id)))
        return _cart(content) if content else None

    @override
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
        return self._write(
            "add", user_id, product_id, quantity, available=available, price=price_minor,
            request_id=request_id,
        )  # fmt: skip

    @override
    def set_quantity(
        self, user_id: UUID, product_id: UUID, quantity: int, *, available: int, price_minor: int
    ) -> Cart | None:
        return self._write(
            "set", user_id, product_id, quantity, available=available, price=price_minor
        )

    @override
    def remove(self, user_id: UUID, product_id: UUID) -> Cart:
        state, content = self._remove_lines([_key(user_id)], [str(user_id), str(product_id)])
        if state != "ok":
            raise _no_such_line(product_id)
        return _cart(_fields(content))

    @override
    def empty(self, user_id: UUID) -> Cart | None:
        state, content = self._remove_lines([_key(user_id)], [str(user_id)])
        return _cart(_fields(content)) if state == "ok" else None

    @override
    def remove_bought(
        self, user_id: UUID, cart_id: UUID, bought: Mapping[UUID, int], *, order_id: UUID
    ) -> bool:
        lines = [
            part for product_id, quantity in bought.items() for part in (str(product_id), quantity)
        ]
        answer = self._remove_bought(
            [_key(user_id), _order_key(order_id), _merged_key(cart_id)],
            [str(user_id), str(cart_id), str(new_id()), *lines],
        )
        return bool(answer)

    @override
    def has_taken(self, order_id: UUID) -> bool:
        return bool(self._has_taken([_order_key(order_id)]))

    @override
    def give_back(self, user_id: UUID, order_id: UUID, lines: Sequence[CartItem]) -> bool:
        parts = [
            part
            for line in lines
            for part in (str(line.product_id), line.quantity, line.seen_price_minor or 0)
        ]
        answer = self._give_back(
            [_key(user_id), _order_key(order_id), _customer_key(user_id)],
            [str(user_id), str(new_id()), *parts],
        )
        return bool(answer)

    @override
    def merge(self, guest_id: UUID, user_id: UUID, cart_id: UUID | None) -> bool:
        answer = self._merge(
            [_key(guest_id), _key(user_id), _customer_key(guest_id), _merged_key(cart_id)],
            [str(guest_id), str(user_id), str(cart_id or ""), str(new_id())],
        )
        return bool(answer)

    @override
    def new_carts(self, limit: int) -> Sequence[TrackedCart]:
        members = cast("list[str]", self._redis.srandmember(scripts.NEW, limit))
        return [_tracked(member) for member in members]

    @override
    def idle_carts(self, before: datetime, limit: int) -> Sequence[TrackedCart]:
        found = self._redis.zrange(
            scripts.IDLE, "-inf", f"({_milliseconds(before)}",
            byscore=True, offset=0, num=limit, withscores=True,
        )  # fmt: skip
        pairs = cast("list[tuple[str, float]]", found)
        return [_tracked(member, _moment(score)) for member, score in pairs]

    @override
    def reported(self, new: Sequence[TrackedCart], idle: Sequence[TrackedCart]) -> None:
        written = [
            part
            for cart in idle
            if cart.last_write_at is not None
            for part in (_milliseconds(cart.last_write_at), _member(cart))
        ]
        if new or written:
            self._reported(args=[len(new), *map(_member, new), *written])

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
        state, content = self._write_line(
            [_key(user_id), f"cart:request:{request_id}"],
            [
                str(user_id), str(product_id), quantity, available, price, str(new_id()), how,
                REPEATED_FOR_SECONDS if request_id else 0,
            ],
        )  # fmt: skip
        if state == "missing":
            raise _no_such_line(product_id)
        if state == "short":
            raise InsufficientStock(
                f"Only {available} are available; the cart holds {content}.",
                errors=[FieldError("quantity", f"must not make more than {available} in the cart")],
            )
        if state != "ok":
            raise _too_large(state, content)
        # A cart that was bought between an addition and its repetition no longer exists.
        return _cart(_fields(content)) if content else None


def _fields(flat: Sequence[str]) -> dict[str, str]:
    """Turn the reply for a hash, alternating names and values, into a dictionary."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _cart(fields: Mapping[str, str]) -> Cart:
    items: list[tuple[int, CartItem]] = []
    for name, value in fields.items():
        if name.startswith(("_", "seen:")):
            continue
        price, _, position = fields.get(f"seen:{name}", "").partition(":")
        item = CartItem(UUID(name), int(value), int(price) if price else None)
        items.append((int(position or 0), item))
    items.sort(key=lambda entry: (entry[0], entry[1].product_id))
    return Cart(
        cart_id=UUID(fields["_id"]),
        items=tuple(item for _, item in items),
        expires_at=_moment(fields["_updated"]) + LIFETIME,
    )


def _too_large(state: str, have: int) -> InvalidRequest:
    if state == "lines":
        error = FieldError("product_id", f"a cart holds at most {MAX_LINES} different products")
    else:
        error = FieldError("quantity", f"at most {MAX_QUANTITY} a product; {have} in the cart")
    return InvalidRequest("The cart would become too large.", errors=[error])


def _no_such_line(product_id: UUID) -> NotFound:
    return NotFound(f"Product {product_id} is not in the cart.", code="cart_item_not_found")


def _key(user_id: UUID) -> str:
    return f"cart:{user_id}"


def _order_key(order_id: UUID) -> str:
    return f"cart:order:{order_id}"


def _customer_key(guest_id: UUID) -> str:
    return f"cart:customer:{guest_id}"


def _merged_key(cart_id: UUID | None) -> str:
    return f"cart:merged:{cart_id}"


def _member(cart: TrackedCart) -> str:
    return f"{cart.user_id}/{cart.cart_id}"


def _tracked(member: str, last_write_at: datetime | None = None) -> TrackedCart:
    user_id, _, cart_id = member.partition("/")
    return TrackedCart(UUID(cart_id), UUID(user_id), last_write_at)


def _moment(milliseconds: str | float) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
