"""Browsing and changing the catalog."""
