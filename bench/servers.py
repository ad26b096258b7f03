"""Servers for the benchmarks: the laptop's own, in a state folder of their own, with an own database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from shop_local.paths import MIGRATIONS, default_state_folder
from shop_local.services import start_services
from tests.support import databases
from tests.support.containers import Container
from tests.support.payments import KEY, WEBHOOK_SECRET, paying_container
from tests.support.products import add_categories, add_product

PRODUCTS = 1000


@dataclass(frozen=True)
class Servers:
    """Addresses of running servers, and a database with products."""

    database_url: str
    redis_url: str
    stripe_url: str
    products: Sequence[UUID]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a function."""
        return {
            "SHOP_DATABASE_URL": self.database_url,
            "SHOP_REDIS_URL": self.redis_url,
            # Nobody listens there: events stay in the outbox.
            "SHOP_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:1/%2f",
            "SHOP_STRIPE_URL": self.stripe_url,
            "SHOP_STRIPE_KEY": KEY,
            "SHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    @contextmanager
    def container(self, **settings: object) -> Iterator[Container]:
        """Adapters on these servers, closed at the end."""
        with paying_container(
            self.database_url, self.redis_url, self.stripe_url, **settings
        ) as made:
            yield made


@contextmanager
def servers(*, products: int = PRODUCTS) -> Iterator[Servers]:
    """Run PostgreSQL, Valkey and the Stripe fake, with a migrated database for this run only."""
    with start_services(
        default_state_folder() / "bench", ["postgresql", "valkey", "stripe"]
    ) as running:
        settings = running.environment
        server = settings["SHOP_DATABASE_URL"]
        databases.drop_leftovers(server)
        template = databases.migrated_template(server, MIGRATIONS)
        with databases.copy_of(server, template) as database_url:
            made = Servers(
                database_url, settings["SHOP_REDIS_URL"], settings["SHOP_STRIPE_URL"], []
            )
            with made.container() as container:
                # Not FLUSHALL: SHOP_REDIS_URL may have put somebody's own server here.
                container.catalog_cache.invalidate()
                add_categories(container.database)
                ids = [
                    add_product(
                        container.database,
                        name=f"Product {number}",
                        on_hand=1_000_000,
                        days_old=number % 300,
                    )
                    for number in range(products)
                ]
                with container.database.transaction() as transaction:
                    transaction.execute("ANALYZE")
            yield Servers(made.database_url, made.redis_url, made.stripe_url, ids)


def body(**fields: object) -> str:
    """Write a request's body."""
    return json.dumps(fields, default=str)
