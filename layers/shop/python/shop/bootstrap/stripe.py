"""Payments through Stripe."""

from shop.adapters.stripe.payments import StripePayments
from shop.bootstrap import Settings, credentials, part
from shop.services.payments.ports import PaymentProvider


@part
def payment_provider(settings: Settings) -> PaymentProvider:
    """Stripe."""
    return StripePayments(
        credentials(settings.stripe_key, settings.stripe_secret),
        credentials(settings.stripe_webhook_secret, settings.stripe_secret),
        settings.stripe_url,
        settings.stripe_timeout_seconds,
    )
