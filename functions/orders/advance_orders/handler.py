"""Every minute: advance paid orders whose next event did not arrive within five minutes."""

from shop.bootstrap.mail import mailer
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.advance import PostgresAdvanceWork
from shop.entrypoints.schedule import schedule
from shop.services.orders.advance import advance_orders


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Commit stock and confirm, or e-mail and process, or record a refund."""
    return advance_orders(unit_of_work(PostgresAdvanceWork), mailer(), seconds=seconds)
