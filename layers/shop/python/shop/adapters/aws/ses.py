"""E-mail through Amazon SES."""

from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.domain.errors import DependencyUnavailable, MailRefused
from shop.domain.notifications import Mail

#: Errors that another attempt with the same message would meet again.
_FINAL: Final = frozenset({"MessageRejected", "InvalidParameterValue"})
#: … unless SES says so because our own sender is not set up (yet): that is mended, not skipped.
_NOT_VERIFIED: Final = "not verified"


def ses_client() -> Any:
    """Make the client, with short time-outs: the notification's row is locked while it sends."""
    return boto3.client(
        "ses", config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    )


class SesMailer:
    """See `shop.services.notifications.ports.Mailer`.

    Parameters
    ----------
    sender : str
        An address that SES has verified.
    client : boto3 client, optional
        `ses_client` by default.
    """

    def __init__(self, sender: str, client: Any = None) -> None:
        self._sender = sender
        self._client = client or ses_client()

    def send(self, recipient: str, mail: Mail) -> str:
        """Send an e-mail and give SES's id of it."""
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
            )
        except ClientError as error:
            problem = error.response["Error"]
            if problem["Code"] in _FINAL and _NOT_VERIFIED not in problem.get("Message", ""):
                raise MailRefused(problem["Code"]) from error
            raise DependencyUnavailable("ses", f"SES answered {problem['Code']}.") from error
        except BotoCoreError as error:
            raise DependencyUnavailable("ses") from error
        message_id: str = answer["MessageId"]
        return message_id
