"""Headers with which browsers protect users of the API and of its pages.

API Gateway sends those of `STRICT` with its own answers as well: ``GatewayResponses`` of infra/template.yaml.
"""

import base64
import hashlib
import re
from typing import Final

#: No answer is a page, a frame or a script, unless it says so.
STRICT: Final = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def page_policy(page: str) -> str:
    """Return the policy of a page that loads nothing, runs its own inline scripts and asks this API."""
    allowed: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        allowed[kind].append(f"'sha256-{digest}'")
    sources = "; ".join(
        f"{kind}-src {' '.join(digests) or "'none'"}" for kind, digests in allowed.items()
    )
    return (
        f"default-src 'none'; {sources}; connect-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
