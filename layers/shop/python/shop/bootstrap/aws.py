"""What AWS does for the shop: state machines and e-mail."""

from shop.adapters.aws.ses import SesMailer
from shop.adapters.aws.step_functions import StepFunctionsFulfilment, StepFunctionsOrderPlacement
from shop.bootstrap import Settings, part
from shop.services.notifications.ports import Mailer
from shop.services.orders.ports import Fulfilment, OrderPlacement


@part
def order_placement(settings: Settings) -> OrderPlacement:
    """The state machine that places orders."""
    return StepFunctionsOrderPlacement(settings.place_order_arn)


@part
def fulfilment(_settings: Settings) -> Fulfilment:
    """The state machine that waits for an order's events."""
    return StepFunctionsFulfilment()


@part
def mailer(settings: Settings) -> Mailer:
    """E-mail."""
    return SesMailer(settings.email_sender)
