"""The statements of the ledger."""

from typing import Final

#: Any number of our own: collectors record one page at a time, so that none waits for the other's rows.
RECORDING_LOCK: Final = 7_468_639

UNSEEN: Final = """
    SELECT event_id FROM unnest(%s::text[]) AS event_id
    WHERE NOT EXISTS (SELECT FROM cost_log_events AS seen WHERE seen.event_id = event_id.event_id)
"""

_ITEM_COLUMNS: Final = (
    "item_id, request_id, kind, name, at, quantity, unit, unit_price, amount, currency, price_version,"
    " cold_start, duration_ms, memory_mb, init_ms, architecture"
)
_ITEM_TYPES: Final = """(
    event_id text, item_id text, request_id text, kind text, name text, at timestamptz,
    quantity numeric, unit text, unit_price numeric, amount numeric, currency text,
    price_version text, cold_start bool, duration_ms numeric, memory_mb int, init_ms numeric,
    architecture text)
"""

RECORD_ITEMS: Final = f"""
    INSERT INTO cost_items ({_ITEM_COLUMNS})
    SELECT {_ITEM_COLUMNS} FROM json_to_recordset(%s::json) AS item {_ITEM_TYPES}
    ON CONFLICT (item_id) DO NOTHING
"""  # noqa: S608 - only constants of this module are put in

# The bytes of an event count if, and only if, this statement is the first to see it. A request's bytes
# keep the price of the first of them.
RECORD_BYTES: Final = f"""
    WITH event AS (
        SELECT DISTINCT ON (event_id) * FROM json_to_recordset(%s::json) AS item {_ITEM_TYPES}
    ), new AS (
        INSERT INTO cost_log_events (event_id) SELECT event_id FROM event
        ON CONFLICT (event_id) DO NOTHING RETURNING event_id
    )
    INSERT INTO cost_items AS known
        (item_id, request_id, kind, name, at, quantity, unit, unit_price, amount, currency, price_version)
    SELECT item_id, min(request_id), min(kind), min(name), min(at), sum(quantity), min(unit),
           min(unit_price), sum(quantity) * min(unit_price), min(currency), min(price_version)
    FROM event JOIN new USING (event_id) GROUP BY item_id
    ON CONFLICT (item_id) DO UPDATE SET
        at = least(known.at, excluded.at),
        quantity = known.quantity + excluded.quantity,
        amount = (known.quantity + excluded.quantity) * known.unit_price
"""  # noqa: S608

# Events come in any order: the earliest time, the latest outcome, and every order that one of them names.
RECORD_REQUEST: Final = """
    INSERT INTO cost_requests AS known
        (request_id, at, invocation_id, function, service, flow, route, status, outcome, outcome_at,
         redelivered, order_ids, correlation_id, user_id)
    VALUES (%(request_id)s, %(at)s, %(invocation_id)s, %(function)s, %(service)s, %(flow)s, %(route)s,
            %(status)s, %(outcome)s, %(outcome_at)s, %(redelivered)s, %(order_ids)s::uuid[],
            %(correlation_id)s, %(user_id)s)
    ON CONFLICT (request_id) DO UPDATE SET
        at = least(known.at, excluded.at),
        invocation_id = coalesce(known.invocation_id, excluded.invocation_id),
        function = coalesce(known.function, excluded.function),
        service = coalesce(known.service, excluded.service),
        flow = coalesce(known.flow, excluded.flow),
        route = coalesce(known.route, excluded.route),
        status = CASE WHEN excluded.status IS NOT NULL
                           AND coalesce(excluded.outcome_at >= known.outcome_at, true)
                      THEN excluded.status ELSE known.status END,
        outcome = CASE WHEN excluded.outcome_at > coalesce(known.outcome_at, '-infinity')
                       THEN excluded.outcome ELSE known.outcome END,
        outcome_at = greatest(known.outcome_at, excluded.outcome_at),
        redelivered = known.redelivered OR excluded.redelivered,
        order_ids = ARRAY(SELECT DISTINCT id FROM unnest(known.order_ids || excluded.order_ids) AS id
                          ORDER BY id),
        correlation_id = coalesce(known.correlation_id, excluded.correlation_id),
        user_id = coalesce(known.user_id, excluded.user_id)
"""

# An invocation that Lambda retries has the same request id and is billed again.
MARK_RETRIES: Final = """
    UPDATE cost_items AS item SET retry = true
    WHERE request_id = ANY(%s) AND kind IN ('lambda_duration', 'lambda_request') AND NOT retry
      AND EXISTS (SELECT FROM cost_items AS earlier WHERE earlier.request_id = item.request_id
                  AND earlier.kind = item.kind AND earlier.at < item.at)
"""

PROGRESS: Final = """
    SELECT collected_until, window_until, next_token FROM cost_collections WHERE log_group = %s
"""

PAUSE: Final = """
    INSERT INTO cost_collections AS known (log_group, collected_until, window_until, next_token)
    VALUES (%(log_group)s, %(collected_until)s, %(window_until)s, %(next_token)s)
    ON CONFLICT (log_group) DO UPDATE
        SET window_until = excluded.window_until, next_token = excluded.next_token
        WHERE known.collected_until = %(before)s
"""

COMPLETE: Final = """
    INSERT INTO cost_collections AS known (log_group, collected_until)
    VALUES (%(log_group)s, %(until)s)
    ON CONFLICT (log_group) DO UPDATE
        SET collected_until = excluded.collected_until, window_until = NULL, next_token = NULL
        WHERE known.collected_until < excluded.collected_until
"""

_SUMS: Final = """
    count(*) AS items, sum(quantity) AS quantity, sum(amount) AS amount,
    count(*) FILTER (WHERE cold_start) AS cold_starts,
    coalesce(sum(amount) FILTER (WHERE cold_start), 0) AS cold_start_amount,
    count(*) FILTER (WHERE retry) AS retries,
    coalesce(sum(amount) FILTER (WHERE retry), 0) AS retry_amount
"""
_PERIOD: Final = "at >= %(since)s AND at < %(until)s"
#: The expression of each grouping.
GROUPS: Final = {
    "function": "coalesce(function, 'none')",
    "flow": "coalesce(flow, 'none')",
    "day": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "service": "coalesce(service, 'none')",
}


def sums(group_by: str) -> str:
    """Build the statement that sums a period by group and kind."""
    key = GROUPS[group_by]
    order = "key" if group_by == "day" else "sum(sum(amount)) OVER (PARTITION BY {key}) DESC, key"
    return f"""
        SELECT {key} AS key, kind, min(unit) AS unit, currency, {_SUMS}
        FROM cost_lines WHERE {_PERIOD}
        GROUP BY {key}, kind, currency ORDER BY {order.format(key=key)}, amount DESC
    """  # noqa: S608


TOTALS: Final = f"""
    SELECT '' AS key, kind, min(unit) AS unit, currency, {_SUMS}
    FROM cost_lines WHERE {_PERIOD} GROUP BY kind, currency ORDER BY amount DESC
"""  # noqa: S608

SPAN: Final = """
    SELECT (SELECT min(at) FROM cost_items) AS first_item_at,
           (SELECT min(collected_until) FROM cost_collections) AS collected_until
"""

ORDER: Final = """
    SELECT id AS order_id, user_id, status, currency, total_minor, created_at,
           greatest(created_at, updated_at,
                    (SELECT max(occurred_at) FROM order_timeline WHERE order_id = orders.id),
                    (SELECT max(finished_at) FROM notifications WHERE order_id = orders.id))
               AS last_activity_at,
           EXISTS (SELECT FROM outbox WHERE published_at IS NULL AND aggregate_id = orders.id::text)
               AS events_waiting
    FROM orders WHERE id = %s
"""

_LINE_COLUMNS: Final = """
    item_id, request_id, kind, name, at, quantity, unit, unit_price, amount, currency, price_version,
    cold_start, retry, duration_ms, memory_mb, init_ms, architecture, function, service, flow, route,
    status, outcome, order_ids
"""

ORDER_LINES: Final = f"""
    WITH this AS (
        SELECT id, user_id, created_at,
               (SELECT max(earlier.created_at) FROM orders AS earlier
                WHERE earlier.user_id = orders.user_id AND earlier.created_at < orders.created_at)
                   AS begun_after
        FROM orders WHERE id = %(order_id)s
    ), invocation AS (
        SELECT request_id FROM cost_requests WHERE order_ids @> ARRAY[%(order_id)s::uuid]
        UNION
        SELECT request_id FROM cost_requests, this
        WHERE cost_requests.user_id = this.user_id AND flow = ANY(%(session_flows)s)
          AND at > coalesce(begun_after, '-infinity') AND at <= created_at AND order_ids = '{{}}'
    ), wanted AS (
        SELECT request_id FROM invocation
        UNION
        SELECT request.request_id FROM cost_requests AS request
        JOIN invocation ON invocation.request_id = request.invocation_id
    )
    SELECT {_LINE_COLUMNS} FROM cost_lines WHERE request_id = ANY(ARRAY(SELECT request_id FROM wanted))
    ORDER BY at, item_id
"""  # noqa: S608

LINES: Final = f"""
    SELECT {_LINE_COLUMNS} FROM cost_lines
    WHERE {_PERIOD} AND (at, item_id) > (%(after_at)s, %(after_id)s) ORDER BY at, item_id LIMIT %(limit)s
"""  # noqa: S608

PRICE_LIST: Final = """
    SELECT version, key, unit, price AS amount, currency, tier, source, dated FROM price_lists
    WHERE region = %(region)s
      AND version = (SELECT max(version) FROM price_lists WHERE region = %(region)s) ORDER BY key
"""

FLOOR: Final = """
    SELECT name, resource, quantity, unit, price_key, monthly_amount, currency FROM floor_items
    WHERE region = %(region)s
      AND version = (SELECT max(version) FROM price_lists WHERE region = %(region)s)
    ORDER BY monthly_amount DESC, name
"""

LOAD_PRICE: Final = """
    INSERT INTO price_lists (region, version, key, unit, price, currency, tier, source, dated)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

LOAD_FLOOR: Final = """
    INSERT INTO floor_items
        (region, version, name, resource, quantity, unit, price_key, monthly_amount, currency)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
