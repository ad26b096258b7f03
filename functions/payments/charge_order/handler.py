"""Step of checkout: charge the order that the customer pays for now."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.payments import PaymentView
from shop.contracts.tasks import ChargeOrder
from shop.entrypoints.task import task
from shop.services.payments.processing import process_payment


@task(ChargeOrder)
def handler(command: ChargeOrder) -> PaymentView:
    """Charge the order once; raise PaymentDeclined or PaymentOutcomeUnknown otherwise."""
    return process_payment(
        payment_provider(),
        unit_of_work(PostgresPaymentsWork),
        None,
        command.order_id,
        command.payment_method_id,
    )
