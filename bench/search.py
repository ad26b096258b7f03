"""Cost of a search in the handler compared with the bare driver: 100,000 products, both engines.

Usage: ``python -m bench.search [--products 100000] [--rounds 3]``. It runs servers of its own; building the
catalog and the index takes a few minutes.

Each query is asked in turn by our handler (API Gateway event in, JSON text out; no Redis, so nothing is
cached) and by opensearch-py or psycopg alone, which send the very same bodies or statements and read the
answers. The order changes from pair to pair, so what slows the machine down slows both. "CPU" is that of
this process, per query; "server CPU" is that of the node or the backends, for the same queries.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil
import psycopg
from opensearchpy import OpenSearch

from bench.measuring import Pairs, machine, milliseconds, percentile, table, verdict
from shop.adapters.opensearch.reindex import reindex
from shop.adapters.postgres.database import Transaction
from shop.bootstrap.settings import Settings
from shop_local import processes
from shop_local.paths import MIGRATIONS, default_state_folder
from shop_local.seed import judged, load
from shop_local.services import start_services
from tests.support import databases
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context, proxy_event

BUDGET = 1.2
_NOBODY = "redis://127.0.0.1:1"
#: Every third judged query, and what people do besides typing words.
_QUERIES = [
    *[{"q": entry.query} for entry in judged()[::3]],
    {"q": "laptop", "filters": '{"brand": ["Nordvik"], "price": {"lte": 1000}, "in_stock": true}'},
    {"q": "jacket", "sort": "price_asc", "page": "3"},
    {"filters": '{"category": "laptops"}'},
]


class Recorder:
    """Notes what an adapter sends, so that the bare driver can send the same."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    @contextmanager
    def recording(self, owner: Any, name: str) -> Iterator[list[Any]]:
        original = getattr(owner, name)

        def note(*args: Any, **named: Any) -> Any:
            self.sent.append((args, named))
            return original(*args, **named)

        self.sent = []
        setattr(owner, name, note)
        try:
            yield self.sent
        finally:
            setattr(owner, name, original)


def ours(container: Container, query: dict[str, str]) -> Callable[[], Any]:
    """Make a call of the handler."""
    gateway = Gateway(container)
    handler = gateway.handler("catalog/search_products")
    event = proxy_event("GET", "/api/catalog/search", {}, None)
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    context = Context("catalog/search_products")

    def call() -> Any:
        with gateway.active():
            answer = handler(event, context)
        assert answer["statusCode"] == 200, answer
        return answer

    return call


def bare_opensearch(container: Container, url: str, call: Callable[[], Any]) -> Callable[[], Any]:
    """Make a call of opensearch-py with the bodies that the handler sent."""
    engine = container.search_engine._chosen  # type: ignore[attr-defined]
    with Recorder().recording(engine._client, "search") as sent:
        call()
    client = OpenSearch(hosts=[url], http_compress=True)
    return lambda: [client.search(**named) for _, named in sent]


def bare_postgresql(
    connection: psycopg.Connection[Any], call: Callable[[], Any]
) -> Callable[[], Any]:
    """Make a call of psycopg with the statements that the handler sent."""
    with Recorder().recording(Transaction, "_execute") as sent:
        call()
    statements = [(sql.encode(), parameters) for (*_, sql, parameters, _), _ in sent]

    def bare() -> None:
        for sql, parameters in statements:
            connection.execute(sql, parameters).fetchall()

    return bare


def measure(
    make: Callable[[dict[str, str]], tuple[Callable[[], Any], Callable[[], Any]]], rounds: int
) -> tuple[Pairs, list[float], list[float]]:
    """Time every query in both ways; also return the CPU seconds of each."""
    pairs = Pairs()
    cpu: tuple[list[float], list[float]] = ([], [])
    for query in _QUERIES:
        both = make(query)
        for each in both:
            each()
        for number in range(rounds):
            times = [0.0, 0.0]
            for side in (0, 1) if number % 2 else (1, 0):
                used, began = time.process_time(), time.perf_counter()
                both[side]()
                times[side] = time.perf_counter() - began
                cpu[side].append(time.process_time() - used)
            pairs.add(*times)
    return pairs, cpu[0], cpu[1]


def cpu_of(*pids: int) -> float:
    """Return the CPU seconds that some processes have used."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Searches beside the bare drivers.")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="of every query")
    options = parser.parse_args()
    names = ["postgresql", "opensearch"]
    with start_services(default_state_folder() / "bench", names) as running:
        server = running.environment["SHOP_DATABASE_URL"]
        opensearch_url = running.environment["SHOP_OPENSEARCH_URL"]
        node = processes.find(running.state, "opensearch") if opensearch_url else None
        template = databases.migrated_template(server, MIGRATIONS)
        with databases.copy_of(server, template) as database_url:
            _run(
                database_url,
                opensearch_url,
                node.pid if node else 0,
                options.products,
                options.rounds,
            )


def _run(database_url: str, opensearch_url: str, node: int, products: int, rounds: int) -> None:
    began = time.perf_counter()
    load(database_url, n=products)
    connection = psycopg.connect(database_url, autocommit=True, prepare_threshold=1)
    connection.execute("VACUUM ANALYZE")
    loaded = time.perf_counter()
    rows = []
    if opensearch_url:
        rebuilt = reindex(database_url, opensearch_url)
        print(f"index of {rebuilt.documents:,} products built in {rebuilt.seconds:.0f} s")
    print(f"catalog of {products:,} products loaded in {loaded - began:.0f} s")
    # A handler writes a line a request, and so it does here; but nobody wants to read them.
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - the logger keeps it
    for engine in ("opensearch", "postgresql"):
        if engine == "opensearch" and not opensearch_url:
            print("OpenSearch is not to be had here: its rows are missing.")
            continue
        settings = Settings(
            database_url=database_url,
            redis_url=_NOBODY,
            rabbitmq_url="amqp://127.0.0.1:1",
            opensearch_url=opensearch_url if engine == "opensearch" else "",
        )
        container = Container(settings)

        def make(
            query: dict[str, str], container: Container = container, engine: str = engine
        ) -> tuple[Callable[[], Any], Callable[[], Any]]:
            call = ours(container, query)
            if engine == "opensearch":
                return call, bare_opensearch(container, opensearch_url, call)
            return call, bare_postgresql(connection, call)

        with container.database.transaction() as transaction:
            row = transaction.row("SELECT pg_backend_pid()")
        backends = (connection.info.backend_pid, row[0] if row else 0)
        servers = (node,) if engine == "opensearch" else backends
        used_before = cpu_of(*servers)
        with redirect_stdout(nowhere):
            pairs, cpu, bare_cpu = measure(make, rounds)
        # Each side's calls, one of each to warm up, and one to see what is sent.
        asked = len(_QUERIES) * (2 * rounds + 3)
        server_cpu = (cpu_of(*servers) - used_before) / asked
        for side, times, used in (("ours", pairs.ours, cpu), ("bare", pairs.base, bare_cpu)):
            ratio = f"{pairs.ratio:.2f}" if side == "ours" else ""
            rows.append(
                [
                    f"{engine}, {side}",
                    milliseconds(percentile(times, 50)),
                    milliseconds(percentile(times, 95)),
                    milliseconds(fmean(used)),
                    milliseconds(server_cpu),
                    ratio,
                    verdict(pairs.ratio, BUDGET, 0) if ratio else "",
                ]
            )
        container.database.close()
    connection.close()
    print(f"\n{len(_QUERIES)} queries, {rounds} rounds, milliseconds. {machine()}\n")
    table(["", "p50", "p95", "CPU", "server CPU", "ratio", f"at most {BUDGET:g}"], rows)


if __name__ == "__main__":
    main()
