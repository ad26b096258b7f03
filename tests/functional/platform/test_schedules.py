"""relay_outbox and prune_records."""

from shop.domain.ids import new_id
from tests.support.containers import container_for
from tests.support.gateway import Gateway
from tests.support.stock import query


def add_event(database: str, age: str, *, published: bool) -> None:
    query(
        database,
        "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at,"
        " published_at) SELECT gen_random_uuid(), 'a', 'order.created', 'c', '{}', at,"
        " CASE WHEN %s THEN at END FROM (SELECT now() - %s::interval AS at) AS t",
        (published, age),
    )


def test_the_relay_publishes_unpublished_events(
    database: str, redis: str, rabbitmq_url: str
) -> None:
    from shop.adapters.rabbitmq.topology import declare

    declare(rabbitmq_url)
    add_event(database, "1 minute", published=False)
    with container_for(database, redis, rabbitmq_url) as container:
        shop = Gateway(container)
        assert shop.invoke("platform/relay_outbox", {}) == {"published": 1}
        assert shop.invoke("platform/relay_outbox", {}) == {"published": 0}


def test_old_records_are_pruned(shop: Gateway, database: str) -> None:
    add_event(database, "91 days", published=True)
    add_event(database, "91 days", published=False)
    add_event(database, "89 days", published=True)
    for age in ("31 days", "29 days"):
        query(
            database,
            "INSERT INTO inbox VALUES ('c', gen_random_uuid(), now() - %s::interval)",
            (age,),
        )
    for key, age in (("old", "25 hours"), ("young", "23 hours")):
        query(
            database,
            "INSERT INTO idempotency_keys (subject, operation, key, request_hash, resource_id,"
            " claim_id, locked_until, created_at) VALUES ('s', 'o', %s, '', gen_random_uuid(),"
            " gen_random_uuid(), now(), now() - %s::interval)",
            (key, age),
        )
    for event, age in (("old", "91 days"), ("young", "89 days")):
        query(
            database,
            "INSERT INTO webhook_events VALUES (%s, 't', 'o', now() - %s::interval)",
            (event, age),
        )
    for age in ("25 hours", "23 hours"):
        query(
            database,
            "INSERT INTO links (id, kind, email, expires_at) VALUES (gen_random_uuid(),"
            " 'password_reset', 'a@shop.example', now() - %s::interval)",
            (age,),
        )
    query(
        database,
        "INSERT INTO customers (id, email, name, password_hash) VALUES (%s, 'a@shop.example', 'Ada', '')",
        (customer_id := new_id(),),
    )
    for age in ("31 days", "29 days"):
        query(
            database,
            "INSERT INTO cart_owners (cart_id, guest_id, customer_id, moved_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), %s, now() - %s::interval)",
            (customer_id, age),
        )
    query(database, "INSERT INTO cost_collections VALUES ('g', now() - interval '2 days')")
    for event, age in (("old", "73 hours"), ("may be read again", "71 hours")):
        query(
            database, "INSERT INTO cost_log_events VALUES (%s, now() - %s::interval)", (event, age)
        )
    counts = {
        "idempotency_keys": 1,
        "inbox": 1,
        "outbox": 1,
        "webhook_events": 1,
        "links": 1,
        "cart_owners": 1,
        "cost_log_events": 1,
    }
    assert shop.invoke("platform/prune_records", {}) == counts
    assert shop.invoke("platform/prune_records", {}) == dict.fromkeys(counts, 0)
    assert query(database, "SELECT key FROM idempotency_keys") == [("young",)]
    assert query(database, "SELECT event_id FROM webhook_events") == [("young",)]
    assert query(database, "SELECT event_id FROM cost_log_events") == [("may be read again",)]
    assert query(database, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(1,)]
