"""E-mails to customers are sent once, and the order advances."""

import json
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import ClientError

from shop.adapters.aws.ses import SesMailer
from shop.domain.errors import DependencyUnavailable
from shop.domain.orders import order_number
from shop.domain.sessions import Role
from shop.entrypoints.rabbitmq import batch
from shop.services.notifications import mails
from shop.services.notifications import notify as notifications
from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.payments import status_of
from tests.support.stock import query


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    return OrderingShop(container)


def confirmed_order(shop: OrderingShop, token: str, **columns: Any) -> UUID:
    order_id = shop.order(token, add_product(shop.container.database, **columns))
    shop.move(order_id, "PAYMENT_PROCESSING", "PAID")
    query(shop.database_url, "UPDATE reservations SET status = 'confirmed'")
    query(shop.database_url, "UPDATE inventory SET quantity_reserved = 0")
    from shop.services.orders.confirm import confirm

    with shop.container.unit_of_work() as work:
        assert confirm(work, order_id)
    return order_id


def rows(shop: OrderingShop) -> list[tuple[Any, ...]]:
    return query(
        shop.database_url, "SELECT kind, recipient, outcome, message_id FROM notifications"
    )


def deliver(shop: OrderingShop, order_id: UUID) -> None:
    shop.deliver("notifications/on_order_confirmed", "order.confirmed", order_id)


def test_the_customer_is_notified_once_and_the_order_advances(shop: OrderingShop) -> None:
    order_id = confirmed_order(shop, shop.shopper(), name="Phone")
    deliver(shop, order_id)
    query(shop.database_url, "DELETE FROM inbox")
    deliver(shop, order_id)
    ((recipient, mail),) = shop.postbox.mails
    assert recipient == "customer@shop.example"
    assert order_number(order_id) in mail.subject
    assert "1 x Phone" in mail.text
    assert rows(shop) == [("order_confirmed", recipient, "sent", "mail-1")]
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_the_line_of_an_email_names_the_order_and_the_services_id_of_it(
    shop: OrderingShop, capsys: pytest.CaptureFixture[str]
) -> None:
    order_id = confirmed_order(shop, shop.shopper())
    guests = confirmed_order(shop, shop.shopper(Role.GUEST))
    query(shop.database_url, "UPDATE orders SET email = NULL WHERE id = %s", (guests,))
    capsys.readouterr()
    deliver(shop, order_id)
    deliver(shop, guests)
    written = capsys.readouterr().out
    lines = [json.loads(line) for line in written.splitlines()]
    (sent,) = [line for line in lines if line["message"] == "e-mail sent"]
    assert (sent["order_id"], sent["message_id"]) == (str(order_id), "mail-1")
    assert "@" not in written


def test_two_at_once_send_one_email(shop: OrderingShop, redis: str) -> None:
    order_id = confirmed_order(shop, shop.shopper())

    def notify() -> None:
        with container_for(shop.database_url, redis) as own, own.unit_of_work() as work:
            notifications.order_confirmed(work, shop.postbox, order_id)

    at_once([notify] * 2)
    assert len(shop.postbox.mails) == 1
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_a_guest_without_an_address_gets_no_email_and_this_is_recorded(shop: OrderingShop) -> None:
    """Such orders exist from before guests had to give an address."""
    order_id = confirmed_order(shop, shop.shopper(Role.GUEST))
    query(shop.database_url, "UPDATE orders SET email = NULL")
    deliver(shop, order_id)
    assert shop.postbox.mails == []
    assert rows(shop) == [("order_confirmed", None, "no_address", None)]
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_an_undeliverable_address_does_not_stop_the_order(shop: OrderingShop) -> None:
    order_id = confirmed_order(shop, shop.shopper())
    query(shop.database_url, "UPDATE orders SET email = 'refused@shop.example'")
    deliver(shop, order_id)
    assert rows(shop) == [("order_confirmed", "refused@shop.example", "refused", None)]
    assert status_of(shop.database_url, order_id) == "PROCESSING"


class RefusingClient:
    """A stub of boto3's client for an account in SES's sandbox."""

    def send_email(self, **call: Any) -> Any:
        (recipient,) = call["Destination"]["ToAddresses"]
        message = (
            "Email address is not verified. The following identities failed the check in region"
            f" US-EAST-1: {recipient}"
        )
        raise ClientError({"Error": {"Code": "MessageRejected", "Message": message}}, "SendEmail")


def test_a_recipient_that_ses_refuses_is_recorded_and_reported_without_the_address(
    shop: OrderingShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.container.mailer = SesMailer("orders@shop.example", RefusingClient())
    order_id = confirmed_order(shop, shop.shopper())
    capsys.readouterr()
    deliver(shop, order_id)
    assert rows(shop) == [("order_confirmed", "customer@shop.example", "refused", None)]
    assert status_of(shop.database_url, order_id) == "PROCESSING"
    written = "".join(capsys.readouterr())
    assert "customer@shop.example" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    (error,) = (line for line in lines if line.get("level") == "ERROR")
    assert (error["message"], error["order_id"]) == ("e-mail refused", str(order_id))
    assert error["correlation_id"]
    assert any(line.get("EmailsRefused") == [1.0] for line in lines)


def test_while_the_mail_service_is_unavailable_the_batch_is_returned(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_SPARE_SECONDS", 60)
    order_id = confirmed_order(shop, shop.shopper())
    shop.postbox.trouble = DependencyUnavailable("ses", outage=True)
    with pytest.raises(DependencyUnavailable):
        deliver(shop, order_id)
    assert rows(shop) == []
    assert status_of(shop.database_url, order_id) == "CONFIRMED"
    shop.postbox.trouble = None
    deliver(shop, order_id)
    assert len(shop.postbox.mails) == 1


def test_an_order_cancelled_meanwhile_gets_no_email(shop: OrderingShop) -> None:
    order_id = confirmed_order(shop, shop.shopper())
    shop.move(order_id, "CANCELLED")
    deliver(shop, order_id)
    assert shop.postbox.mails == []
    assert status_of(shop.database_url, order_id) == "CANCELLED"


def test_the_shipment_is_announced_once_with_its_tracking_number(shop: OrderingShop) -> None:
    order_id = confirmed_order(shop, shop.shopper())
    deliver(shop, order_id)
    parcel = {"carrier": "UPS <b>", "tracking_number": "1Z&9"}
    staff = shop.shopper(Role.STAFF)
    assert shop.post(f"/api/orders/{order_id}/ship", json=parcel, token=staff).status == 200
    for _ in range(2):
        shop.deliver("notifications/on_order_shipped", "order.shipped", order_id)
        query(shop.database_url, "DELETE FROM inbox")
    assert len(shop.postbox.mails) == 2
    mail = shop.postbox.mails[1][1]
    assert "1Z&9" in mail.text
    assert "UPS &lt;b&gt;" in mail.html
    assert "1Z&amp;9" in mail.html


def test_text_from_customers_and_staff_is_escaped(shop: OrderingShop) -> None:
    token = shop.shopper()
    product = add_product(shop.container.database, name="<img src=x> & more")
    address = ADDRESS | {"name": "<script>alert(1)</script>"}
    answer = shop.check_out(token, shop.fill_cart(token, product), shipping_address=address)
    with shop.container.unit_of_work() as work:
        order = work.orders.get(answer.json["order_id"])
    assert order is not None
    mail = mails.order_confirmed(order)
    assert "<script>" not in mail.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mail.html
    assert "<img" not in mail.html
    assert "Hello <script>alert(1)</script>," in mail.text
    assert "\n" not in mail.subject
    assert f"{order.total_minor / 100:.2f} USD" in mail.text
