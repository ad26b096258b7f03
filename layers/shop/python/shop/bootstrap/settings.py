"""Settings, read from the environment."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields

from shop.observability import LEVELS


class SettingsError(Exception):
    """A setting is missing or malformed; the message names it and says how to mend it."""


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting, as environment variable ``SHOP_<NAME>``.

    Attributes
    ----------
    database_url : str
        ``postgresql://user:password@host:port/database``.
    database_prepare : bool
        Whether statements that are used again are prepared; off for a pooler that knows none.
    redis_url : str
        ``redis://`` or ``rediss://`` (TLS).
    rabbitmq_url : str
        ``amqp://`` or ``amqps://`` (TLS).
    opensearch_url : str
        Empty: PostgreSQL answers searches.
    opensearch_timeout_seconds : float
        A search that takes longer is answered by PostgreSQL.
    stripe_url : str
        Base of the payment API; empty for Stripe's own.
    stripe_key, stripe_webhook_secret : str
        Stripe's secret key and the signing secret of the webhook endpoint.
    stripe_timeout_seconds : float
        After this long without an answer a payment's outcome is unknown.
    service_token_sha256 : str
        Hex digest of the token with which other services authenticate.
    currency : str
        ISO 4217 code of the shop's one currency; it must have two decimals.
    email_sender : str
        Verified SES sender.
    checkout_arn : str
        The checkout state machine.
    reservation_ttl_seconds : int
        How long checkout holds stock.
    rate_limit_per_second, rate_limit_burst : int
        Token bucket of one session.
    sign_ups_per_hour : int
        Limit for one source.
    log_level : str
        What is less important is not logged.
    """

    database_url: str
    redis_url: str
    rabbitmq_url: str
    opensearch_url: str = ""
    opensearch_timeout_seconds: float = 1.5
    stripe_url: str = ""
    stripe_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_timeout_seconds: float = 8.0
    service_token_sha256: str = ""
    database_prepare: bool = True
    currency: str = "USD"
    email_sender: str = "orders@shop.example"
    checkout_arn: str = ""
    reservation_ttl_seconds: int = 600
    rate_limit_per_second: int = 50
    rate_limit_burst: int = 200
    sign_ups_per_hour: int = 20
    log_level: str = "INFO"


_SCHEMES: Final[dict[str, tuple[str, ...]]] = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss"),
    "rabbitmq_url": ("amqp", "amqps"),
    "opensearch_url": ("http", "https"),
    "stripe_url": ("http", "https"),
}
#: Currencies whose minor unit is a hundredth (ISO 4217) and that Stripe charges as such.
_CURRENCIES: Final = frozenset(
    {"USD", "EUR", "GBP", "CAD", "AUD", "NZD", "CHF", "SEK", "NOK", "DKK", "PLN"}
)
_CONVERTERS: Final[dict[Any, Callable[[str], object]]] = {
    str: str,
    int: int,
    float: float,
    bool: {"true": True, "false": False}.__getitem__,
}


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Parameters
    ----------
    environ : mapping
        Usually ``os.environ``.

    Raises
    ------
    SettingsError
        Naming every setting that is missing or malformed, and the fix.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for field in fields(Settings):
        name, text = (
            f"SHOP_{field.name.upper()}",
            environ.get(f"SHOP_{field.name.upper()}", "").strip(),
        )
        if not text:
            if field.name in ("database_url", "redis_url", "rabbitmq_url"):
                problems.append(f"{name} is not set; expected {_SCHEMES[field.name][0]}://…")
            continue
        try:
            value = _CONVERTERS[field.type](text)
        except (ValueError, KeyError):
            problems.append(f"{name} must be a number, not {text!r}")
            continue
        if isinstance(value, int | float) and field.type is not bool and not (0 < value < math.inf):
            problems.append(f"{name} must be more than zero, not {text!r}")
        values[field.name] = value
        problems.extend(_malformed(name, field.name, text))
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(**values)  # type: ignore[arg-type]


def _malformed(name: str, field: str, text: str) -> list[str]:
    if (schemes := _SCHEMES.get(field)) and not _is_url(text, schemes):
        begin = " or ".join(f"{scheme}://" for scheme in schemes)
        return [
            f"{name} must begin with {begin} and name a host (and a port from 1 to 65535, if any)"
        ]
    if field == "currency" and text not in _CURRENCIES:
        return [f"{name} must be one of {', '.join(sorted(_CURRENCIES))}, not {text!r}"]
    if field == "log_level" and text not in LEVELS:
        return [f"{name} must be one of {', '.join(LEVELS)}, not {text!r}"]
    if field == "service_token_sha256" and (len(text) != 64 or set(text) - set("0123456789abcdef")):
        return [f"{name} must be 64 lower-case hex digits (sha256 of the token)"]
    return []


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urlsplit(text)
        # A port that is no number, or too large a one, is refused when it is read.
        return url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
