"""Translates AWS events into calls of use cases, and their results into responses."""
