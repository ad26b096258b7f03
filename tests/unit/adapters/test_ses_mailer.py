"""E-mail through SES, on moto."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from shop.adapters.aws.ses import SesMailer
from shop.domain.errors import DependencyUnavailable, MailRefused
from shop.domain.notifications import Mail

SENDER = "orders@shop.example"
MAIL = Mail("Café é 1", "Hello", "<p>Hello</p>")


@pytest.fixture
def mailer(aws: None) -> SesMailer:
    boto3.client("ses").verify_email_identity(EmailAddress=SENDER)
    return SesMailer(SENDER)


def test_an_email_is_sent_as_text_and_html(mailer: SesMailer) -> None:
    message_id = mailer.send("ada@shop.example", MAIL)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert sent.id == message_id
    assert sent.source == SENDER
    assert sent.destinations["ToAddresses"] == ["ada@shop.example"]
    assert sent.subject == "Café é 1"


def test_a_sender_that_is_not_verified_is_our_fault_and_is_tried_again(aws: None) -> None:
    with pytest.raises(DependencyUnavailable):
        SesMailer("nobody@shop.example").send("ada@shop.example", MAIL)


class Client:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def send_email(self, **_: object) -> None:
        raise self.error


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("MessageRejected", "Address blacklisted."), MailRefused),
        (refusal("InvalidParameterValue", "Illegal address"), MailRefused),
        (refusal("MessageRejected", "Email address is not verified."), DependencyUnavailable),
        (refusal("Throttling"), DependencyUnavailable),
        (refusal("AccountSendingPausedException"), DependencyUnavailable),
        (EndpointConnectionError(endpoint_url="https://ses"), DependencyUnavailable),
    ],
)
def test_trouble_is_final_or_not(error: Exception, expected: type[Exception]) -> None:
    mailer = SesMailer(SENDER, Client(error))
    with pytest.raises(expected) as raised:
        mailer.send("ada@shop.example", MAIL)
    assert "ada@" not in str(raised.value)
