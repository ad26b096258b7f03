"""E-mail through Amazon SES."""

import logging
import re
from email.utils import parseaddr
from typing import Any, Final, override
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.domain.customers import deliverable_email
from shop.domain.errors import DependencyUnavailable, MailRefused
from shop.domain.notifications import Mail
from shop.observability import metric
from shop.services.notifications.ports import Mailer

_log = logging.getLogger(__name__)

#: Errors with which SES rejects this message permanently, unless the sender is the cause.
_REFUSALS: Final = frozenset({"MessageRejected", "InvalidParameterValue"})
#: Errors that concern every message: the account, its permissions or its configuration.
_CONFIGURATION: Final = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "AccountSendingPaused",
        "AccountSendingPausedException", "ConfigurationSetDoesNotExist",
        "ConfigurationSetDoesNotExistException", "ConfigurationSetSendingPausedException",
        "ExpiredToken", "FromEmailAddressNotVerifiedException", "InvalidClientTokenId",
        "MailFromDomainNotVerified", "MailFromDomainNotVerifiedException", "OptInRequired",
        "ProductionAccessNotGrantedException", "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)  # fmt: skip
_ADDRESS: Final = re.compile(r"[^\s,;:<>\"]+@[^\s,;:<>\"]+[^\s,;:<>\".]")


def ses_client() -> Any:
    """Create a client with short time-outs: the order's row stays locked while it sends."""
    return boto3.client(
        "ses", config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    )


class SesMailer(Mailer):
    """Sends e-mail from one address of the shop.

    Neither its exceptions nor its log lines quote SES's message, which names the recipient.

    Parameters
    ----------
    sender : str
        An identity that SES has verified: ``address`` or ``Name <address>``.
    client : boto3 client, optional
        `ses_client` by default.
    """

    def __init__(self, sender: str, client: Any = None) -> None:
        self._sender = sender
        self._client = client or ses_client()

    @override
    def send(self, recipient: str, mail: Mail, correlation_id: UUID) -> str:
        recipient = deliverable_email(recipient)
        if not recipient.isascii():
            # "Amazon SES does not support the SMTPUTF8 extension" (Developer Guide): only domains may be
            # internationalised, as Punycode.
            metric("EmailsRefused", reason="LocalPartNotAscii")
            raise MailRefused("SES delivers to local parts in ASCII only.")
        try:
            answer = self._client.send_email(
                Source=self._sender,
                Destination={"ToAddresses": [recipient]},
                Message={
                    "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                },
                # Part of each event that SES publishes about this message: delivered, bounced, opened.
                Tags=[{"Name": "correlation_id", "Value": str(correlation_id)}],
            )
        except ClientError as error:
            raise self._refusal(error.response, recipient) from None
        except BotoCoreError as error:
            raise DependencyUnavailable("ses", outage=True) from error
        message_id: str = answer["MessageId"]
        return message_id

    def _refusal(self, answer: dict[str, Any], recipient: str) -> Exception:
        code: str = answer["Error"].get("Code", "")
        if code in _REFUSALS and not self._is_ours(answer["Error"].get("Message", ""), recipient):
            metric("EmailsRefused", reason=code)
            return MailRefused(f"SES answered {code} to the recipient.")
        ours = code in _CONFIGURATION or code in _REFUSALS
        if ours:
            _log.error("SES takes no e-mail from the shop", extra={"code": code})
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        outage = ours or status >= 500 or code.startswith(("Throttl", "TooManyRequests"))
        return DependencyUnavailable("ses", f"SES answered {code}.", outage=outage)

    def _is_ours(self, message: str, recipient: str) -> bool:
        """Return whether SES's message blames the sender or the account rather than the recipient.

        In the sandbox both identities must be verified, and the message lists those that are not.
        """
        text = message.lower()
        if "paused" in text or "suspended" in text:
            return True
        named = set(_ADDRESS.findall(text))
        if parseaddr(self._sender)[1].lower() in named - {recipient.lower()}:
            return True
        return "not verified" in text and recipient.lower() not in named
