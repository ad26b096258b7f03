"""A transaction over the records of dead-lettered messages."""

from functools import cached_property

from shop.adapters.postgres.dead_messages import PostgresDeadMessages
from shop.bootstrap.work import PostgresUnitOfWork
from shop.services.messaging.ports import DeadMessagesWork


class PostgresDeadMessagesWork(PostgresUnitOfWork, DeadMessagesWork):
    """A transaction over the records of dead-lettered messages."""

    @cached_property
    def dead_messages(self) -> PostgresDeadMessages:
        """Records of dead-lettered messages."""
        return PostgresDeadMessages(self.transaction)
