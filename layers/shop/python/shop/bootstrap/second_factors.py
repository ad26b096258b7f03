"""Keys of the second factors: only functions that derive secrets import this, and read them."""

import re
from typing import Final

from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.settings import SettingsError, given

_KEY: Final = re.compile(r"[A-Za-z0-9]{32,}")


@part
def second_factor_keys(settings: Settings) -> tuple[str, ...]:
    """Keys that secrets are derived from: the first for new enrolments, a second while it is replaced."""
    wanted = given("second_factor_keys", settings.second_factor_keys)
    keys = tuple(filter(None, credentials(wanted, settings.second_factor_secret).split(",")))
    if not keys or not all(map(_KEY.fullmatch, keys)):
        needed = "at least 32 letters and digits in current, and the same or nothing in next"
        raise SettingsError(
            {"second_factor_secret": f"the secret of the second factors must have {needed}"}
        )
    return keys
