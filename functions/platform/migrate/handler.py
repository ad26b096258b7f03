"""Called by the deployment: apply migrations, load price lists, declare exchanges and queues."""

from shop.bootstrap.schema import schema
from shop.contracts.tasks import Migrate, Migrated
from shop.entrypoints.task import task


@task(Migrate)
def handler(command: Migrate) -> Migrated:
    """Bring PostgreSQL and RabbitMQ to the state that this release expects; safe to repeat."""
    found = schema()
    applied = found.migrate()
    prices = found.load_prices(command.templates, command.parameters)
    queues, kept = found.declare_queues()
    return Migrated(applied=applied, prices=prices, queues=queues, kept_queues=kept)
