"""The checkout state machine."""

from shop.adapters.aws.step_functions import StepFunctionsCheckout
from shop.bootstrap import Settings, part
from shop.services.orders.ports import CheckoutMachine


@part
def checkout_machine(settings: Settings) -> CheckoutMachine:
    """The checkout state machine."""
    return StepFunctionsCheckout(settings.checkout_arn)
