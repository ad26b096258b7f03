"""Fixtures for the payment use cases, on empty servers."""

from tests.support.paying_fixtures import container, control

__all__ = ["container", "control"]
