"""Step of fulfil_order: wait for the stock's confirmation."""

from shop.bootstrap.aws import fulfilment
from shop.bootstrap.transactions import unit_of_work
from shop.contracts.tasks import AwaitStep
from shop.entrypoints.task import task
from shop.services.orders.fulfilment import await_step
from shop.services.orders.ports import Step


@task(AwaitStep)
def handler(command: AwaitStep) -> None:
    """Keep the task token, and send it back at once if the order has moved on already."""
    await_step(
        unit_of_work,
        fulfilment(),
        command.order_id,
        Step.CONFIRMATION,
        command.task_token,
    )
