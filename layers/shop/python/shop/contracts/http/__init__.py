"""Bodies, queries and answers of the HTTP API, one module a service."""
