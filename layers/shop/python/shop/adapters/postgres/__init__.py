"""Repositories, unit of work, outbox and inbox in PostgreSQL."""
