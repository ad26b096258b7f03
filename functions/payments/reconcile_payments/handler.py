"""Every minute: settle payments of unknown outcome, execute refunds, finish cancellations, record fees."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.entrypoints.schedule import schedule
from shop.services.payments.reconciliation import reconcile

#: One payment may need a charge, a search, a cancellation and a refund, each up to a time-out long.
_SECONDS_OF_ONE = 24


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Reconcile payments with the provider."""
    return reconcile(
        payment_provider(),
        unit_of_work(PostgresPaymentsWork),
        seconds=max(1.0, seconds - _SECONDS_OF_ONE),
    )
