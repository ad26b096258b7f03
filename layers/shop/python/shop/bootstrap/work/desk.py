"""A transaction of the order desk."""

from functools import cached_property

from shop.adapters.postgres.desk import PostgresDesk
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.desk.ports import DeskWork


class PostgresDeskWork(PostgresOrdersWork, DeskWork):
    """A transaction of the order desk."""

    @cached_property
    def desk(self) -> PostgresDesk:
        """Orders with what belongs to them."""
        return PostgresDesk(self.transaction)
