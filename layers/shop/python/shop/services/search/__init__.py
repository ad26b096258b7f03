"""Searching the catalog."""
