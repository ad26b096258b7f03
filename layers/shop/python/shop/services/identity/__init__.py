"""Customers and sessions."""
