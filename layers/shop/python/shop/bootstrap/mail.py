"""E-mail through SES."""

from shop.adapters.aws.ses import SesMailer
from shop.bootstrap import Settings, part
from shop.services.notifications.ports import Mailer


@part
def mailer(settings: Settings) -> Mailer:
    """E-mail."""
    return SesMailer(settings.email_sender)
