"""Servers for the benchmarks: the laptop's own, in a state folder of their own, with an own database."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.measuring import cpu_of
from shop_local import processes
from shop_local.paths import MIGRATIONS, default_state_folder
from shop_local.services import start_services
from tests.support import databases
from tests.support.builders import add_categories, add_product
from tests.support.containers import NO_BROKER, Container
from tests.support.payments import KEY, WEBHOOK_SECRET, paying_container

PRODUCTS = 1000


@dataclass(frozen=True)
class Servers:
    """Addresses of running servers, and a database with products.

    Attributes
    ----------
    rabbitmq_url : str
        Nobody listens there unless a broker was asked for: events stay in the outbox.
    pids : mapping
        First process of each server that was started here, by name.
    """

    database_url: str
    redis_url: str
    stripe_url: str
    rabbitmq_url: str
    pids: Mapping[str, int]
    products: Sequence[UUID] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a function."""
        return {
            "SHOP_DATABASE_URL": self.database_url,
            "SHOP_REDIS_URL": self.redis_url,
            "SHOP_RABBITMQ_URL": self.rabbitmq_url,
            "SHOP_STRIPE_URL": self.stripe_url,
            "SHOP_STRIPE_KEY": KEY,
            "SHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    @contextmanager
    def container(self, **settings: object) -> Iterator[Container]:
        """Adapters on these servers, closed at the end."""
        with paying_container(
            self.database_url,
            self.redis_url,
            self.stripe_url,
            rabbitmq_url=self.rabbitmq_url,
            **settings,
        ) as made:
            yield made

    def cpu(self, name: str) -> float:
        """Return the CPU seconds that a server has used; not a number if it was not started here."""
        return cpu_of(self.pids[name]) if name in self.pids else math.nan


@contextmanager
def servers(*, products: int = PRODUCTS, broker: bool = False) -> Iterator[Servers]:
    """Run PostgreSQL, Valkey and the Stripe fake, with a migrated database for this run only.

    Parameters
    ----------
    products : int
        Number of products in the catalog.
    broker : bool
        Whether RabbitMQ runs too; its queues are this benchmark's own, and emptied.
    """
    names = ["postgresql", "valkey", "stripe", *(["rabbitmq"] if broker else [])]
    with start_services(default_state_folder() / "bench", names) as running:
        settings = running.environment
        server = settings["SHOP_DATABASE_URL"]
        databases.drop_leftovers(server)
        template = databases.migrated_template(server, MIGRATIONS)
        with databases.copy_of(server, template) as database_url:
            found = (processes.find(running.state, name) for name in names)
            made = Servers(
                database_url,
                settings["SHOP_REDIS_URL"],
                settings["SHOP_STRIPE_URL"],
                settings.get("SHOP_RABBITMQ_URL", NO_BROKER),
                {server.name: server.pid for server in found if server},
            )
            with made.container() as container:
                # Not FLUSHALL: SHOP_REDIS_URL may have put somebody's own server here.
                container.catalog_cache.invalidate()
                add_categories(container.database)
                now = datetime.now(UTC)
                ids = [
                    add_product(
                        container.database,
                        name=f"Product {number}",
                        on_hand=1_000_000,
                        created_at=now - timedelta(days=number % 300),
                    )
                    for number in range(products)
                ]
                with container.database.autocommit() as transaction:
                    transaction.send("ANALYZE")
            yield replace(made, products=ids)


def body(**fields: object) -> str:
    """Return a request's body as JSON."""
    return json.dumps(fields, default=str)
