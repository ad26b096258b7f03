"""The e-mails with links."""

from html import escape
from typing import Final

from shop.domain.links import Link, LinkKind
from shop.domain.notifications import Mail

#: Path of the site's page, subject and first sentence, by kind.
_TEXTS: Final = {
    LinkKind.ORDER: (
        "/orders/{order_id}",
        "Your order {number}",
        "This link shows your order {number}. It works once, within 24 hours.",
    ),
    LinkKind.PASSWORD_RESET: (
        "/password-reset",
        "Choose a new password",
        "With this link you choose a new password. It works once, within 30 minutes.",
    ),
    LinkKind.VERIFICATION: (
        "/verify-email",
        "Confirm your e-mail address",
        "With this link you confirm this e-mail address. It works once, within 24 hours.",
    ),
}
_IGNORE: Final = "If you did not ask for it, ignore this e-mail: nothing changes."
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="font-family: sans-serif; max-width: 40em"><p>Hello,</p><p>{opening}</p>'
    '<p><a href="{url}">{url}</a></p><p>{closing}</p></body></html>'
)


def link(sent: Link, token: str, site_url: str) -> Mail:
    """Compose the e-mail that carries a link."""
    path, subject, opening = (
        text.format(order_id=sent.order_id, number=sent.order_number) for text in _TEXTS[sent.kind]
    )
    # After the #, so that no log of the site's server contains the token.
    url = f"{site_url.rstrip('/')}{path}#token={token}"
    text = f"Hello,\n\n{opening}\n\n  {url}\n\n{_IGNORE}\n"
    html = _PAGE.format(
        title=escape(subject), opening=escape(opening), url=escape(url), closing=escape(_IGNORE)
    )
    return Mail(subject, text, html)
