"""Buyers of one product: one process each, with its own connections and its own copy of the function.

They are forked from a server that has imported everything (``forkserver``), so that a few hundred fit into
the memory of a laptop, and stay for all rushes of a run.
"""

import hashlib
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from uuid import UUID

from bench.servers import Servers, body
from shop.domain.ids import new_id
from tests.support.containers import container_for
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context, proxy_event

FUNCTION = "inventory/reserve_stock"
_TOKEN = "service-token-of-the-benchmark"
#: Seconds between the order to buy and the common start.
_LEAD_SECONDS = 0.5


@dataclass(frozen=True)
class Rush:
    """The task of a process.

    Attributes
    ----------
    products : sequence of UUID
        One per buyer that this process plays, in sequence.
    begin : float
        Moment of the system's monotonic clock.
    """

    products: Sequence[UUID]
    begin: float


@dataclass(frozen=True)
class Bought:
    """The result of one process, in seconds of the monotonic clock and of CPU time."""

    statuses: list[int]
    times: list[float]
    began: float
    ended: float
    cpu: float


class Crowd:
    """Processes that wait for a rush."""

    def __init__(self, pipes: Sequence["Connection[Rush | None, Bought]"]) -> None:
        self._pipes = pipes

    def rush(self, products: Sequence[UUID]) -> list[Bought]:
        """Let one buyer per product start at once; with more buyers than processes, each plays several."""
        begin = time.monotonic() + _LEAD_SECONDS
        for number, pipe in enumerate(self._pipes):
            pipe.send(Rush(products[number :: len(self._pipes)], begin))
        return [pipe.recv() for pipe in self._pipes]


@contextmanager
def crowd(of: Servers, count: int) -> Iterator[Crowd]:
    """Start `count` processes; each ends when its pipe is closed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pipes: list[Connection[Rush | None, Bought]] = []
    processes = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_buyer, args=(theirs, of.database_url, of.redis_url), daemon=True
            )
            process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
        yield Crowd(pipes)
    finally:
        for pipe in pipes:
            pipe.send(None)
            pipe.close()
        for process in processes:
            process.join(30)


def _buyer(pipe: "Connection[Bought, Rush | None]", database_url: str, redis_url: str) -> None:
    # Discards the log line that a handler writes per request.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    digest = hashlib.sha256(_TOKEN.encode()).hexdigest()
    with container_for(database_url, redis_url, service_token_sha256=digest) as container:
        shop = Gateway(container)
        while (rush := pipe.recv()) is not None:
            time.sleep(max(0.0, rush.begin - time.monotonic()))
            pipe.send(_buy(shop, rush))


def _buy(shop: Gateway, rush: Rush) -> Bought:
    began, cpu = time.monotonic(), time.process_time()
    ended = began
    statuses, times = [], []
    for product in rush.products:
        begin = time.monotonic()
        statuses.append(_reserve(shop, product))
        ended = time.monotonic()
        times.append(ended - begin)
    return Bought(statuses, times, began, ended, time.process_time() - cpu)


def _reserve(shop: Gateway, product: UUID) -> int:
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    sent = body(order_id=new_id(), items=[{"product_id": str(product), "quantity": 1}])
    event = proxy_event("POST", "/api/inventory/reserve", headers, sent)
    with shop.active():
        answer = shop.handler(FUNCTION)(event, Context(FUNCTION))
    status: int = answer["statusCode"]
    return status
