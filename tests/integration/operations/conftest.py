"""Payments on the Stripe fake."""

from tests.support.paying_fixtures import container

__all__ = ["container"]
