"""Implementations of the services' ports: PostgreSQL, Redis, RabbitMQ, OpenSearch, Stripe and AWS."""
