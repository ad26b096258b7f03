"""The bank's page a customer sees in a browser when a card asks for 3D Secure."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs, urlencode

from stripe_fake import attempts, intents
from stripe_fake.call import Call
from stripe_fake.errors import ApiError

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>3D Secure test page</title>
<body style="font: 16px sans-serif; max-width: 30em; margin: 4em auto">
<h1>3D Secure test page</h1><p>{text}</p>{form}</body></html>"""
_FORM = """<form method="post">
<button name="outcome" value="succeed">Complete</button>
<button name="outcome" value="fail">Fail</button></form>"""


def page(call: Call, identifier: str, method: str, body: str) -> tuple[int, str, dict[str, str]]:
    """Return status, text and headers: the form, or what pressing a button led to."""
    try:
        intent = intents.find(call, identifier)
        return_url = call.store.hidden(identifier).get("return_url")
        if method != "POST":
            text = f"Authenticate the payment {escape(identifier)} ({intent['status']})?"
            form = _FORM if intent["status"] == "requires_action" else ""
            return 200, _PAGE.format(text=text, form=form), _HTML
        outcome = parse_qs(body).get("outcome", ["succeed"])[0]
        intent = attempts.authenticate(call, intent, succeeds=outcome == "succeed")
    except ApiError as error:
        return error.status, _PAGE.format(text=escape(str(error)), form=""), _HTML
    if return_url is None:
        text = f"Done: the payment's status is {intent['status']}. You may close this page."
        return 200, _PAGE.format(text=text, form=""), _HTML
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "failed" if intent["last_payment_error"] else "succeeded",
        }
    )
    joint = "&" if "?" in return_url else "?"
    return 303, "", {"Location": f"{return_url}{joint}{query}"}
