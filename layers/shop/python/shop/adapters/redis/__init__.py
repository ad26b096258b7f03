"""Carts, sessions, caches and locks in Redis."""
