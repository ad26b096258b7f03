"""Units of work by use case: a handler imports the one with the repositories that its use case needs."""

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork

__all__ = ["PostgresUnitOfWork"]
