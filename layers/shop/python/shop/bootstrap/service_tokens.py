"""Tokens of other services: only functions that services may call import this, and read the secret."""

import re
from typing import Final

from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.settings import SettingsError

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@part
def service_token_digests(settings: Settings) -> frozenset[str]:
    """SHA-256 digests of the tokens that are valid now: two while one replaces the other."""
    named = settings.service_secret or not settings.service_token_sha256.startswith("{")
    text = credentials(settings.service_token_sha256, settings.service_secret) if named else ""
    digests = frozenset(filter(None, text.split(",")))
    if not all(map(_DIGEST.fullmatch, digests)):
        wanted = "64 lower-case hex digits, or empty, in current and next"
        raise SettingsError(
            {"service_secret": f"the secret of the service tokens must have {wanted}"}
        )
    return digests
