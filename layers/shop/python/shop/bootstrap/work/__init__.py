"""Units of work, by what they serve: a handler imports the one whose repositories its use case asks for."""

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork

__all__ = ["PostgresUnitOfWork"]
