"""Outbox, consumers and replay."""
