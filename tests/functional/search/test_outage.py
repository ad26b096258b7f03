"""Searches and events while OpenSearch works, is stopped, hangs, and recovers."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pika
import pytest
from opensearchpy import OpenSearch

from shop.adapters.opensearch.reindex import reindex
from shop.contracts.envelopes import Envelope, encode
from shop.contracts.events import InventoryUpdated, ProductEvent, ProductUpdated
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from tests.support.broker import rmq_event
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.laptop import LazyServices
from tests.support.products import change
from tests.support.search import add_catalog, product_id, search_products
from tests.support.serving import serving
from tests.support.waiting import eventually

AERO = product_id("Aero 13 Laptop, Silver")


@pytest.fixture
def clean_opensearch(opensearch_url: str) -> Iterator[str]:
    yield opensearch_url
    client = OpenSearch(hosts=[opensearch_url], timeout=30)
    for index in client.indices.get_alias(index="products*"):
        client.indices.delete(index=index)
    client.close()


@pytest.fixture
def container(database: str, redis: str, clean_opensearch: str) -> Iterator[Container]:
    with container_for(
        database, redis, opensearch_url=clean_opensearch, opensearch_timeout_seconds=10.0
    ) as made:
        add_catalog(made.database)
        yield made
        made.search_engine._chosen.close()  # type: ignore[attr-defined]


def _answered_by_opensearch(shop: Gateway) -> Response:
    """Search for different words until OpenSearch answers."""
    numbers = count()
    return eventually(
        lambda: search_products(shop, f"laptop {next(numbers)}"),
        what="OpenSearch answers",
        until=lambda answer: _engine(answer) == ("opensearch", False),
        pause=0.5,
    )


def _engine(answer: Response) -> tuple[str, bool]:
    assert answer.status == 200, answer.text
    return answer.json["engine"], answer.json["degraded"]


def test_opensearch_answers_when_its_index_was_built(
    shop: Gateway, container: Container, database: str, clean_opensearch: str
) -> None:
    assert _engine(search_products(shop, "laptop")) == ("postgresql", True)
    reindex(database, clean_opensearch)
    answer = _answered_by_opensearch(shop)
    assert answer.json["results"][0]["highlights"]["name"].count("<em>Laptop</em>") == 1
    suggested = shop.get("/api/catalog/suggest?q=aer").json
    assert (suggested["engine"], suggested["degraded"]) == ("opensearch", False)


def test_a_stopped_node_and_its_recovery(
    shop: Gateway, laptop: LazyServices, container: Container, database: str, clean_opensearch: str
) -> None:
    reindex(database, clean_opensearch)
    assert _engine(search_products(shop, "laptop")) == ("opensearch", False)
    laptop.stop("opensearch")
    try:
        answer = search_products(shop, "laptops")
        assert _engine(answer) == ("postgresql", True)
        assert answer.json["total"] == 5
    finally:
        laptop.start("opensearch")
    _answered_by_opensearch(shop)


def test_a_hanging_node_is_waited_for_once(database: str, redis: str) -> None:
    with (
        _silent_server() as (url, accepted),
        container_for(database, redis, opensearch_url=url) as made,
    ):
        add_catalog(made.database)
        shop = Gateway(made)
        assert _engine(search_products(shop, "aero")) == ("postgresql", True)
        tried = len(accepted)
        assert tried >= 1
        assert _engine(search_products(shop, "laptop")) == ("postgresql", True)
        assert len(accepted) == tried
        made.search_engine._chosen.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, "{}"), (401, "{}"), (403, "{}"), (413, ""), (200, "<html>"), (200, "{}"), (301, "")],
)
def test_postgresql_answers_whatever_opensearch_returns(
    database: str, redis: str, status: int, body: str
) -> None:
    with (
        _stubborn_server(status, body) as url,
        container_for(database, redis, opensearch_url=url) as made,
    ):
        add_catalog(made.database)
        shop = Gateway(made)
        assert _engine(search_products(shop, "laptop")) == ("postgresql", True)
        assert shop.get("/api/catalog/suggest?q=aer").json["suggestions"]
        made.search_engine._chosen.close()  # type: ignore[attr-defined]


@contextmanager
def _stubborn_server(status: int, body: str) -> Iterator[str]:
    """Return the same response to every request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield f"http://{address}"


@contextmanager
def _silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """Accept connections and never answer; return the address and the connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    accepted.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in accepted:
                each.close()


# -- events ------------------------------------------------------------------------------------


def _deliver(shop: Gateway, function: str, queue: str, *events: ProductEvent) -> None:
    messages = [
        (
            pika.BasicProperties(),
            encode(
                Envelope(
                    event_id=new_id(),
                    occurred_at=datetime.now(UTC),
                    correlation_id="c",
                    event=event,
                )
            ),
        )
        for event in events
    ]
    shop.invoke(f"catalog/{function}", rmq_event(queue, messages))


def test_events_apply_changes_to_the_index(
    shop: Gateway, container: Container, database: str, clean_opensearch: str
) -> None:
    reindex(database, clean_opensearch)
    assert search_products(shop, "zephyr").json["total"] == 0
    change(container.database, AERO, name="Zephyr", version=2)
    event = ProductUpdated(product_id=AERO, product_version=2)
    _deliver(shop, "on_product_updated", "catalog.product.updated", event, event)
    answer = search_products(shop, "zephyr")
    assert (answer.json["total"], answer.headers["x-cache"]) == (1, "miss")

    with container.database.transaction() as transaction:
        transaction.execute(
            "UPDATE inventory SET quantity_on_hand = 77, version = version + 1"
            " WHERE product_id = %s",
            (AERO,),
        )
    stock = InventoryUpdated(product_id=AERO, quantity_available=77, stock_version=2)
    _deliver(shop, "on_inventory_updated", "catalog.inventory.updated", stock)
    assert search_products(shop, "zephyr laptop").json["results"][0]["stock"] == 77


def test_cached_answers_survive_retries_for_the_index(
    database: str, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with container_for(database, redis, opensearch_url="http://127.0.0.1:1") as made:
        add_catalog(made.database)
        drops: list[float] = []
        monkeypatch.setattr(
            made.catalog_cache, "invalidate", lambda: drops.append(time.monotonic())
        )
        tries: list[object] = []
        index = made.search_index
        assert index is not None
        write_through = index.write

        def write(documents: Any) -> Any:
            tries.append(documents)
            return write_through(documents)

        monkeypatch.setattr(index, "write", write)
        monkeypatch.setattr("shop.entrypoints.rabbitmq.batch._SPARE_SECONDS", 26.0)
        monkeypatch.setattr("shop.entrypoints.rabbitmq.batch._RETRY_PAUSE_SECONDS", 0.1)
        for function, event in (
            ("product", ProductUpdated(product_id=AERO, product_version=9)),
            ("inventory", InventoryUpdated(product_id=AERO, quantity_available=0, stock_version=9)),
        ):
            drops.clear()
            tries.clear()
            with pytest.raises(DependencyUnavailable):
                _deliver(
                    Gateway(made), f"on_{function}_updated", f"catalog.{function}.updated", event
                )
            assert len(tries) > 3
            assert len(drops) == 1
        made.search_index.close()  # type: ignore[union-attr]


def test_without_the_index_the_cache_is_invalidated_and_the_batch_is_returned(
    database: str, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with container_for(database, redis, opensearch_url="http://127.0.0.1:1") as made:
        add_catalog(made.database)
        shop = Gateway(made)
        assert shop.get(f"/api/catalog/products/{AERO}").json["name"] == "Aero 13 Laptop, Silver"
        change(made.database, AERO, name="Zephyr", version=2)
        monkeypatch.setattr("shop.entrypoints.rabbitmq.batch._SPARE_SECONDS", 60.0)
        event = ProductUpdated(product_id=AERO, product_version=2)
        with pytest.raises(DependencyUnavailable):
            _deliver(shop, "on_product_updated", "catalog.product.updated", event)
        assert shop.get(f"/api/catalog/products/{AERO}").json["name"] == "Zephyr"
        made.search_index.close()  # type: ignore[union-attr]
