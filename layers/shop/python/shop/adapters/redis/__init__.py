"""Carts, sessions, caches and limits in Redis."""
