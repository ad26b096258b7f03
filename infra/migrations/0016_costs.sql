-- What AWS bills: prices as loaded from infra/pricing, and one row for each billed quantity.
CREATE TABLE price_lists (
    region    text NOT NULL,
    version   text NOT NULL,
    key       text NOT NULL,
    unit      text NOT NULL,
    price     numeric NOT NULL CHECK (price >= 0),
    currency  char(3) NOT NULL,
    tier      text NOT NULL,
    source    text NOT NULL,
    dated     date NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, version, key)
);

CREATE TABLE floor_items (
    region         text NOT NULL,
    version        text NOT NULL,
    name           text NOT NULL,
    resource       text NOT NULL,
    quantity       numeric NOT NULL,
    unit           text NOT NULL,
    price_key      text NOT NULL,
    monthly_amount numeric NOT NULL,
    currency       char(3) NOT NULL,
    PRIMARY KEY (region, version, name)
);

-- Log events whose bytes have been counted; see prune_records.
CREATE TABLE cost_log_events (
    event_id text PRIMARY KEY,
    seen_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_cost_log_events_seen ON cost_log_events (seen_at);

-- An invocation, or a request to API Gateway, which names the invocation that answered it.
CREATE TABLE cost_requests (
    request_id     text PRIMARY KEY,
    invocation_id  text,
    function       text,
    service        text,
    flow           text,
    route          text,
    status         int,
    outcome        text,
    outcome_at     timestamptz,
    redelivered    bool NOT NULL DEFAULT false,
    order_ids      uuid[] NOT NULL DEFAULT '{}',
    correlation_id uuid,
    user_id        uuid,
    at             timestamptz NOT NULL
);
CREATE INDEX idx_cost_requests_orders ON cost_requests USING gin (order_ids);
CREATE INDEX idx_cost_requests_user ON cost_requests (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX idx_cost_requests_invocation ON cost_requests (invocation_id) WHERE invocation_id IS NOT NULL;

CREATE TABLE cost_items (
    item_id       text PRIMARY KEY,
    request_id    text NOT NULL,
    kind          text NOT NULL,
    name          text NOT NULL,
    at            timestamptz NOT NULL,
    quantity      numeric NOT NULL,
    unit          text NOT NULL,
    unit_price    numeric NOT NULL,
    amount        numeric NOT NULL,
    currency      char(3) NOT NULL,
    price_version text NOT NULL,
    cold_start    bool NOT NULL DEFAULT false,
    retry         bool NOT NULL DEFAULT false,
    duration_ms   numeric,
    memory_mb     int,
    init_ms       numeric,
    architecture  text
);
CREATE INDEX idx_cost_items_at ON cost_items (at);
CREATE INDEX idx_cost_items_request ON cost_items (request_id);

-- next_token: where the window from collected_until to window_until goes on.
CREATE TABLE cost_collections (
    log_group       text PRIMARY KEY,
    collected_until timestamptz NOT NULL,
    window_until    timestamptz,
    next_token      text
);

-- Each item with what its invocation was; a request to API Gateway is described by its invocation.
CREATE VIEW cost_lines AS
SELECT item.item_id, item.request_id, item.kind, item.name, item.at, item.quantity, item.unit, item.unit_price,
       item.amount, item.currency, item.price_version, item.cold_start,
       item.retry OR coalesce(request.redelivered, false) OR coalesce(invocation.redelivered, false) AS retry,
       item.duration_ms, item.memory_mb, item.init_ms, item.architecture,
       coalesce(invocation.function, request.function) AS function,
       coalesce(invocation.service, request.service) AS service,
       coalesce(invocation.flow, request.flow) AS flow,
       coalesce(request.route, invocation.route) AS route,
       coalesce(request.status, invocation.status) AS status,
       coalesce(invocation.outcome, request.outcome) AS outcome,
       coalesce(invocation.order_ids, request.order_ids, '{}') AS order_ids,
       coalesce(invocation.correlation_id, request.correlation_id) AS correlation_id,
       coalesce(invocation.user_id, request.user_id) AS user_id
FROM cost_items AS item
LEFT JOIN cost_requests AS request ON request.request_id = item.request_id
LEFT JOIN cost_requests AS invocation ON invocation.request_id = request.invocation_id;
