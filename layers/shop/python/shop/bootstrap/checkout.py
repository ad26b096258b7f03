"""What carries out a checkout."""

from shop.adapters.aws.step_functions import StepFunctionsCheckout
from shop.bootstrap import Settings, part
from shop.services.orders.ports import CheckoutMachine


@part
def checkout_machine(settings: Settings) -> CheckoutMachine:
    """The state machine that carries out a checkout."""
    return StepFunctionsCheckout(settings.checkout_arn)
