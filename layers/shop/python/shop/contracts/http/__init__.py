"""Bodies, queries and responses of the HTTP API, one module per service."""
