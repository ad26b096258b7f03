"""Carts in Redis: a hash a cart, written by Lua scripts, so that every write is atomic.

``cart:{user_id}`` holds ``product_id → quantity``, ``seen:product_id → unit price:position`` (the price in
minor units when the line was last written, and where the line stands), and four fields of the cart itself:
``_id``, ``_created``, ``_updated`` (milliseconds of Unix time) and ``_seq`` (the last position given).
``carts:new`` is the set of ``user_id/cart_id`` that have begun, ``carts:idle`` the sorted set of those with
items by their last write. A script touches several keys, so the server runs without cluster mode.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shop.adapters.redis_client import RedisClient, Script
from shop.domain.cart import LIFETIME, MAX_LINES, MAX_QUANTITY
from shop.domain.errors import FieldError, InsufficientStock, InvalidRequest, NotFound
from shop.domain.ids import new_id
from shop.services.ports.cart import Cart, CartItem, TrackedCart

_NEW: Final = "carts:new"
_IDLE: Final = "carts:idle"
_LIFETIME_MS: Final = int(LIFETIME.total_seconds() * 1000)

_COMMON: Final = f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function integer(value) return string.format('%.0f', value) end

-- Four fields are the cart's own, the others are two a line.
local function lines(cart) return math.max(0, (redis.call('HLEN', cart) - 4) / 2) end

local function begin(cart, user, id)
    if redis.call('HSETNX', cart, '_id', id) == 1 then
        redis.call('HSET', cart, '_created', integer(now), '_updated', integer(now), '_seq', 0)
        return true
    end
    return false
end

local function write(cart, product, quantity, price)
    local seen = redis.call('HGET', cart, 'seen:' .. product)
    local position = seen and string.match(seen, ':(%d+)$') or redis.call('HINCRBY', cart, '_seq', 1)
    redis.call('HSET', cart, product, quantity, 'seen:' .. product, price .. ':' .. position)
end

local function finish(cart, user)
    local member = user .. '/' .. redis.call('HGET', cart, '_id')
    redis.call('HSET', cart, '_updated', integer(now))
    redis.call('PEXPIREAT', cart, integer(now + {_LIFETIME_MS}))
    if lines(cart) > 0 then
        redis.call('ZADD', '{_IDLE}', integer(now), member)
    else
        redis.call('ZREM', '{_IDLE}', member)
    end
    return {{'ok', redis.call('HGETALL', cart)}}
end
"""

#: ARGV: user, product, quantity, available, price, id for a new cart, whether to add to what is there.
_WRITE: Final = Script(
    _COMMON
    + f"""
local cart, user, product = KEYS[1], ARGV[1], ARGV[2]
local have = tonumber(redis.call('HGET', cart, product)) or 0
local adding = ARGV[7] == 'add'
if have == 0 and not adding then return {{'missing', 0}} end
local want = tonumber(ARGV[3])
if adding then want = want + have end
if want > tonumber(ARGV[4]) then return {{'short', have}} end
if want > {MAX_QUANTITY} then return {{'quantity', have}} end
if have == 0 and lines(cart) >= {MAX_LINES} then return {{'lines', 0}} end
if begin(cart, user, ARGV[6]) then redis.call('SADD', '{_NEW}', user .. '/' .. ARGV[6]) end
write(cart, product, want, ARGV[5])
return finish(cart, user)
"""
)

#: ARGV: user, then the products to take out; none: all.
_REMOVE: Final = Script(
    _COMMON
    + """
local cart, user = KEYS[1], ARGV[1]
if redis.call('EXISTS', cart) == 0 then return {'missing', 0} end
if #ARGV == 1 then
    local kept = redis.call('HMGET', cart, '_id', '_created')
    redis.call('DEL', cart)
    redis.call('HSET', cart, '_id', kept[1], '_created', kept[2], '_seq', 0)
    redis.call('HSET', cart, '_updated', integer(now))
elseif redis.call('HDEL', cart, ARGV[2], 'seen:' .. ARGV[2]) == 0 then
    return {'missing', 0}
end
return finish(cart, user)
"""
)

#: ARGV: user, cart id, id for a cart of what is left, then product and quantity of each line bought.
_REMOVE_BOUGHT: Final = Script(
    _COMMON
    + f"""
local cart, user = KEYS[1], ARGV[1]
if redis.call('HGET', cart, '_id') ~= ARGV[2] then return 0 end
for i = 4, #ARGV, 2 do
    local left = (tonumber(redis.call('HGET', cart, ARGV[i])) or 0) - tonumber(ARGV[i + 1])
    if left > 0 then
        redis.call('HSET', cart, ARGV[i], left)
    else
        redis.call('HDEL', cart, ARGV[i], 'seen:' .. ARGV[i])
    end
end
redis.call('ZREM', '{_IDLE}', user .. '/' .. ARGV[2])
if lines(cart) == 0 then return redis.call('DEL', cart) end
redis.call('HSET', cart, '_id', ARGV[3], '_created', integer(now))
redis.call('SADD', '{_NEW}', user .. '/' .. ARGV[3])
finish(cart, user)
return 1
"""
)

#: KEYS: the guest's cart, the user's. ARGV: guest, user.
_MERGE: Final = Script(
    _COMMON
    + f"""
local source, target = KEYS[1], KEYS[2]
local id = redis.call('HGET', source, '_id')
if not id or lines(source) == 0 then return 0 end
local moved = {{}}
local fields = redis.call('HGETALL', source)
for i = 1, #fields, 2 do
    local product = string.match(fields[i], '^seen:(.+)$')
    if product then
        local price, position = string.match(fields[i + 1], '^(%d+):(%d+)$')
        table.insert(moved, {{product, price, tonumber(position)}})
    end
end
table.sort(moved, function(a, b) return a[3] < b[3] end)
begin(target, ARGV[2], id)
for _, line in ipairs(moved) do
    local have = tonumber(redis.call('HGET', target, line[1])) or 0
    if have > 0 or lines(target) < {MAX_LINES} then
        local quantity = tonumber(redis.call('HGET', source, line[1])) + have
        write(target, line[1], math.min({MAX_QUANTITY}, quantity), line[2])
        redis.call('HDEL', source, line[1], 'seen:' .. line[1])
    end
end
finish(target, ARGV[2])
if lines(source) == 0 then
    redis.call('DEL', source)
    redis.call('ZREM', '{_IDLE}', ARGV[1] .. '/' .. id)
else
    finish(source, ARGV[1])
end
return 1
"""
)

#: ARGV: last write that was reported, member; keeps a cart that was written since.
_REPORTED: Final = Script(f"""
if redis.call('ZSCORE', '{_IDLE}', ARGV[2]) == ARGV[1] then redis.call('ZREM', '{_IDLE}', ARGV[2]) end
return 1
""")


class RedisCartStore:
    """See `shop.services.ports.cart.CartStore`."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def read(self, user_id: UUID) -> Cart | None:
        """Read a cart."""
        content = self._redis.execute("HGETALL", _key(user_id))
        return _cart(content) if content else None

    def add(
        self, user_id: UUID, product_id: UUID, quantity: int, *, available: int, price_minor: int
    ) -> Cart:
        """Add to a line."""
        return self._write(
            "add", user_id, product_id, quantity, available=available, price=price_minor
        )

    def set_quantity(
        self, user_id: UUID, product_id: UUID, quantity: int, *, available: int, price_minor: int
    ) -> Cart:
        """Set the quantity of a line."""
        return self._write(
            "set", user_id, product_id, quantity, available=available, price=price_minor
        )

    def remove(self, user_id: UUID, product_id: UUID) -> Cart:
        """Take a line out."""
        state, content = self._redis.script(_REMOVE, [_key(user_id)], str(user_id), str(product_id))
        if state != b"ok":
            raise _no_such_line(product_id)
        return _cart(content)

    def empty(self, user_id: UUID) -> Cart | None:
        """Take all lines out."""
        state, content = self._redis.script(_REMOVE, [_key(user_id)], str(user_id))
        return _cart(content) if state == b"ok" else None

    def remove_bought(self, user_id: UUID, cart_id: UUID, bought: Mapping[UUID, int]) -> bool:
        """End a cart that was bought."""
        lines = [
            part for product_id, quantity in bought.items() for part in (str(product_id), quantity)
        ]
        answer = self._redis.script(
            _REMOVE_BOUGHT, [_key(user_id)], str(user_id), str(cart_id), str(new_id()), *lines
        )
        return bool(answer)

    def merge(self, guest_id: UUID, user_id: UUID) -> None:
        """Move a guest's lines into a user's cart."""
        if guest_id != user_id:
            keys = [_key(guest_id), _key(user_id)]
            self._redis.script(_MERGE, keys, str(guest_id), str(user_id))

    def new_carts(self, limit: int) -> Sequence[TrackedCart]:
        """List carts that have begun."""
        return [_tracked(member) for member in self._redis.execute("SRANDMEMBER", _NEW, limit)]

    def idle_carts(self, before: datetime, limit: int) -> Sequence[TrackedCart]:
        """List carts that were left alone."""
        answer = self._redis.execute(
            "ZRANGE", _IDLE, "-inf", f"({_milliseconds(before)}",
            "BYSCORE", "LIMIT", 0, limit, "WITHSCORES",
        )  # fmt: skip
        pairs = zip(answer[::2], answer[1::2], strict=True)
        return [_tracked(member, _moment(score)) for member, score in pairs]

    def reported(self, new: Sequence[TrackedCart], idle: Sequence[TrackedCart]) -> None:
        """Drop carts from the lists."""
        script = self._redis.register(_REPORTED)
        commands = [("SREM", _NEW, _member(cart)) for cart in new]
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
    ) -> Cart:
        state, content = self._redis.script(
            _WRITE, [_key(user_id)],
            str(user_id), str(product_id), quantity, available, price, str(new_id()), how,
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
        return _cart(content)


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
