"""E-mail through SES, on moto; what moto does not refuse is refused by a stub of botocore's client."""

import traceback
from typing import Any
from uuid import UUID

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from shop.adapters.aws import ses
from shop.adapters.aws.ses import SesMailer
from shop.domain.errors import DependencyUnavailable, MailRefused
from shop.domain.notifications import Mail

SENDER = "orders@shop.example"
RECIPIENT = "ada@shop.example"
CORRELATION = UUID("0199e8a0-3333-7c4d-8e5f-607182930415")
MAIL = Mail("Café é 1", "Hello", "<p>Hello</p>")
UNVERIFIED = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: "
)


@pytest.fixture
def mailer(aws: None) -> SesMailer:
    boto3.client("ses").verify_email_identity(EmailAddress=SENDER)
    return SesMailer(SENDER)


def test_an_email_is_sent_as_text_and_html(mailer: SesMailer) -> None:
    message_id = mailer.send(RECIPIENT, MAIL, CORRELATION)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert sent.id == message_id
    assert sent.source == SENDER
    assert sent.destinations["ToAddresses"] == [RECIPIENT]
    assert sent.subject == "Café é 1"


def test_a_sender_that_is_not_verified_is_a_fault_of_the_shop(aws: None) -> None:
    with pytest.raises(DependencyUnavailable) as raised:
        SesMailer("Shop <nobody@shop.example>").send(RECIPIENT, MAIL, CORRELATION)
    assert raised.value.outage


def test_a_malformed_address_is_refused(mailer: SesMailer) -> None:
    with pytest.raises(MailRefused, match="InvalidParameterValue"):
        mailer.send("ada", MAIL, CORRELATION)


def test_an_email_carries_the_correlation_id_of_its_order() -> None:
    class Recorder:
        def send_email(self, **message: Any) -> dict[str, str]:
            self.message = message
            return {"MessageId": "1"}

    client = Recorder()
    SesMailer(SENDER, client).send(RECIPIENT, MAIL, CORRELATION)
    assert client.message["Tags"] == [{"Name": "correlation_id", "Value": str(CORRELATION)}]


class Client:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def send_email(self, **_: object) -> None:
        raise self.error


def refusal(code: str, message: str = "no", status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "SendEmail",
    )


def failure_of(error: Exception, sender: str = SENDER) -> Exception:
    mailer = SesMailer(sender, Client(error))
    with pytest.raises((MailRefused, DependencyUnavailable)) as raised:
        mailer.send(RECIPIENT, MAIL, CORRELATION)
    return raised.value


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("MessageRejected", UNVERIFIED + RECIPIENT),
        ("MessageRejected", UNVERIFIED + "Ada <Ada@Shop.Example>."),
        ("MessageRejected", "Address blacklisted."),
        ("MessageRejected", "Transaction failed: Address is on the suppression list"),
        ("InvalidParameterValue", f"Illegal address: {RECIPIENT}"),
        ("InvalidParameterValue", "Local address contains control or whitespace"),
    ],
)
def test_a_recipient_that_ses_refuses_is_no_outage(
    code: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(failure_of(refusal(code, message)), MailRefused)
    assert '"EmailsRefused":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("MessageRejected", UNVERIFIED + SENDER),
        ("MessageRejected", UNVERIFIED + f"{SENDER}, Shop <{SENDER}>, {RECIPIENT}"),
        ("MessageRejected", UNVERIFIED + f"x{RECIPIENT}"),
        ("MessageRejected", "Email address is not verified."),
        ("MessageRejected", "Sending suspended for this account."),
        ("AccountSendingPausedException", "Sending paused for this account."),
        ("MailFromDomainNotVerifiedException", "no MX"),
        ("ConfigurationSetDoesNotExist", "no such set"),
        ("AccessDenied", f"not authorized to perform ses:SendEmail on {RECIPIENT}"),
    ],
)
def test_a_fault_of_the_shop_is_retried_and_visible(
    code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(ses._log, "error", lambda line, extra: logged.append((line, extra)))
    failure = failure_of(refusal(code, message), f"Shop <{SENDER}>")
    assert isinstance(failure, DependencyUnavailable)
    assert failure.outage
    assert logged == [("SES takes no e-mail from the shop", {"code": code})]


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (refusal("Throttling", "Maximum sending rate exceeded."), True),
        (refusal("ServiceUnavailable", status=503), True),
        (EndpointConnectionError(endpoint_url="https://ses"), True),
        (refusal("SomethingNew"), False),
    ],
)
def test_other_failures_are_retried(error: Exception, outage: bool) -> None:
    failure = failure_of(error)
    assert isinstance(failure, DependencyUnavailable)
    assert failure.outage is outage


@pytest.mark.parametrize("code", ["MessageRejected", "AccessDenied", "SomethingNew"])
def test_no_failure_quotes_the_recipient(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    failure = failure_of(refusal(code, UNVERIFIED + RECIPIENT))
    text = "".join(traceback.format_exception(failure))
    assert RECIPIENT not in text + str(failure) + "".join(capsys.readouterr())
