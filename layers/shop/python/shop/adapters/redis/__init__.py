"""Carts, sessions, caches and throttles in Redis."""
