"""The Lua scripts of `shop.adapters.redis.carts`, so that every write of a cart is atomic."""

from typing import Final

from shop.domain.cart import LIFETIME, MAX_LINES, MAX_QUANTITY

NEW: Final = "carts:new"
IDLE: Final = "carts:idle"
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
        redis.call('ZADD', '{IDLE}', integer(now), member)
    else
        redis.call('ZREM', '{IDLE}', member)
    end
    return {{'ok', redis.call('HGETALL', cart)}}
end
"""

#: KEYS: the cart, and the record of an addition that may be repeated. ARGV: user, product, quantity,
#: available, price, id for a new cart, whether to add to the present quantity, and for how many seconds to
#: remember the addition (0: it is not repeated).
WRITE: Final = (
    _COMMON
    + f"""
local cart, user, product = KEYS[1], ARGV[1], ARGV[2]
if ARGV[8] ~= '0' and redis.call('EXISTS', KEYS[2]) == 1 then
    return {{'ok', redis.call('HGETALL', cart)}}
end
local have = tonumber(redis.call('HGET', cart, product)) or 0
local adding = ARGV[7] == 'add'
if have == 0 and not adding then return {{'missing', 0}} end
local want = tonumber(ARGV[3])
if adding then want = want + have end
if want > tonumber(ARGV[4]) then return {{'short', have}} end
if want > {MAX_QUANTITY} then return {{'quantity', have}} end
if have == 0 and lines(cart) >= {MAX_LINES} then return {{'lines', 0}} end
if begin(cart, user, ARGV[6]) then redis.call('SADD', '{NEW}', user .. '/' .. ARGV[6]) end
write(cart, product, want, ARGV[5])
if ARGV[8] ~= '0' then redis.call('SET', KEYS[2], '1', 'EX', ARGV[8]) end
return finish(cart, user)
"""
)

#: ARGV: user, then the products to remove; none: all.
REMOVE: Final = (
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

#: KEYS: the cart, whether the order took its lines from it ('taken') or no longer can ('ended'), and the
#: guest from whom the cart was merged. ARGV: user, cart id, id for a cart of the remaining lines, then
#: product and quantity of each line bought. An order whose cart is not there any more counts as having
#: taken its lines: they are in no cart. It has not if they were merged into a customer's.
REMOVE_BOUGHT: Final = (
    _COMMON
    + f"""
local cart, user = KEYS[1], ARGV[1]
local state = redis.call('GET', KEYS[2])
if state == 'ended' then return 0 end
local there = redis.call('HGET', cart, '_id') == ARGV[2]
local merged = not there and redis.call('GET', KEYS[3]) == user
if not state or there then
    redis.call('SET', KEYS[2], merged and 'ended' or 'taken', 'PX', {_LIFETIME_MS})
end
if not there then return 0 end
for i = 4, #ARGV, 2 do
    local left = (tonumber(redis.call('HGET', cart, ARGV[i])) or 0) - tonumber(ARGV[i + 1])
    if left > 0 then
        redis.call('HSET', cart, ARGV[i], left)
    else
        redis.call('HDEL', cart, ARGV[i], 'seen:' .. ARGV[i])
    end
end
redis.call('ZREM', '{IDLE}', user .. '/' .. ARGV[2])
if lines(cart) == 0 then return redis.call('DEL', cart) end
redis.call('HSET', cart, '_id', ARGV[3], '_created', integer(now))
redis.call('SADD', '{NEW}', user .. '/' .. ARGV[3])
finish(cart, user)
return 1
"""
)

#: KEYS: whether the order took its lines.
HAS_TAKEN: Final = f"""
if redis.call('GET', KEYS[1]) == 'taken' then return 1 end
redis.call('SET', KEYS[1], 'ended', 'PX', {_LIFETIME_MS})
return 0
"""

#: KEYS: the cart, whether the order took its lines, and the customer to whom the guest's carts go. ARGV:
#: user, id for a new cart, then product, quantity and price of each line.
GIVE_BACK: Final = (
    _COMMON
    + f"""
local cart, user = KEYS[1], ARGV[1]
if redis.call('GET', KEYS[2]) ~= 'taken' then return 0 end
redis.call('SET', KEYS[2], 'ended', 'PX', {_LIFETIME_MS})
local customer = redis.call('GET', KEYS[3])
if customer then cart, user = 'cart:' .. customer, customer end
if begin(cart, user, ARGV[2]) then redis.call('SADD', '{NEW}', user .. '/' .. ARGV[2]) end
for i = 3, #ARGV, 3 do
    local have = tonumber(redis.call('HGET', cart, ARGV[i])) or 0
    if have > 0 or lines(cart) < {MAX_LINES} then
        write(cart, ARGV[i], math.min({MAX_QUANTITY}, have + tonumber(ARGV[i + 1])), ARGV[i + 2])
    end
end
finish(cart, user)
return 1
"""
)

#: KEYS: the guest's cart, the user's, the customer to whom the guest's carts go, and the guest from whom the
#: cart was merged. ARGV: guest, user, id of the guest's cart (empty: none), id for a cart of the lines that
#: stay. Returns 0 if the guest's cart is another one by now.
MERGE: Final = (
    _COMMON
    + f"""
local source, target = KEYS[1], KEYS[2]
local id = redis.call('HGET', source, '_id') or ''
if id ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[3], ARGV[2], 'PX', {_LIFETIME_MS})
if lines(source) == 0 then
    -- What the guest adds later is in a cart with another id.
    redis.call('DEL', source)
    return 1
end
redis.call('SET', KEYS[4], ARGV[1], 'PX', {_LIFETIME_MS})
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
redis.call('ZREM', '{IDLE}', ARGV[1] .. '/' .. id)
if lines(source) == 0 then
    redis.call('DEL', source)
else
    redis.call('HSET', source, '_id', ARGV[4], '_created', integer(now))
    redis.call('SADD', '{NEW}', ARGV[1] .. '/' .. ARGV[4])
    finish(source, ARGV[1])
end
return 1
"""
)

#: ARGV: the number of new carts and their members, then the reported last write and the member of each idle
#: cart. A cart that was written since stays in the set.
REPORTED: Final = f"""
local first_idle = 2 + tonumber(ARGV[1])
for i = 2, first_idle - 1 do redis.call('SREM', '{NEW}', ARGV[i]) end
for i = first_idle, #ARGV, 2 do
    if redis.call('ZSCORE', '{IDLE}', ARGV[i + 1]) == ARGV[i] then
        redis.call('ZREM', '{IDLE}', ARGV[i + 1])
    end
end
return 1
"""
