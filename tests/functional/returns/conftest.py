"""Returns, behind the API and on the Stripe fake."""

from tests.support.paying_fixtures import container, control, shop

__all__ = ["container", "control", "shop"]
