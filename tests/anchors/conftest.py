"""Fixtures for payments through the API on the Stripe fake."""

from tests.support.paying_fixtures import container, control, shop

__all__ = ["container", "control", "shop"]
