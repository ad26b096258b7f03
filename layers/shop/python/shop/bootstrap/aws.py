"""AWS services: the checkout state machine and e-mail."""

from shop.adapters.aws.ses import SesMailer
from shop.adapters.aws.step_functions import StepFunctionsCheckout
from shop.bootstrap import Settings, part
from shop.services.notifications.ports import Mailer
from shop.services.orders.ports import CheckoutMachine


@part
def checkout_machine(settings: Settings) -> CheckoutMachine:
    """The checkout state machine."""
    return StepFunctionsCheckout(settings.checkout_arn)


@part
def mailer(settings: Settings) -> Mailer:
    """E-mail."""
    return SesMailer(settings.email_sender)
