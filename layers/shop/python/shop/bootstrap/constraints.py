"""What values of settings are like. A description ends a sentence that begins with "must"."""

from typing import Annotated, Final, Literal

from msgspec import Meta

_PORT: Final = (
    r"(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"  # 1 to 65535
)
_AUTHORITY: Final = (
    rf"(?:[^/?#]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#:@\[\]]+)(?::{_PORT})?(?:[/?#]\S*)?$"
)
_NAMES_A_HOST: Final = "and name a host (and a port from 1 to 65535, if any)"

type PostgresUrl = Annotated[
    str,
    Meta(
        pattern=f"^postgres(?:ql)?://{_AUTHORITY}",
        description=f"begin with postgresql:// or postgres:// {_NAMES_A_HOST}",
    ),
]
type RedisUrl = Annotated[
    str,
    Meta(
        pattern=f"^rediss?://{_AUTHORITY}",
        description=f"begin with redis:// or rediss:// {_NAMES_A_HOST}",
    ),
]
type AmqpUrl = Annotated[
    str,
    Meta(
        pattern=f"^amqps?://{_AUTHORITY}",
        description=f"begin with amqp:// or amqps:// {_NAMES_A_HOST}",
    ),
]
type HttpUrl = Annotated[
    str,
    Meta(
        pattern=f"^https?://{_AUTHORITY}",
        description=f"begin with http:// or https:// {_NAMES_A_HOST}",
    ),
]
type Base = Annotated[
    str,
    Meta(
        pattern=r"^(?:https?://[^\s/?#]+)?(?:/[^\s/?#]+)*$",
        description="be a path such as /prod, or https://host[/path], without a slash at its end",
    ),
]
type Origin = Annotated[
    str,
    Meta(
        pattern=rf"^(?:\*|https?://[^\s/?#:@']+(?::{_PORT})?)$",
        description="be * or an origin such as https://shop.example, without a path",
    ),
]
type Digests = Annotated[
    str,
    Meta(
        pattern=r"^(?:[0-9a-f]{64}|\{\w+\})(?:,(?:[0-9a-f]{64}|\{\w+\}))?$",
        description="be 64 lower-case hex digits (the SHA-256 digest of the token), or two such, or places",
    ),
]
type Keys = Annotated[
    str,
    Meta(
        pattern=r"^(?:[A-Za-z0-9]{32,}|\{\w+\})(?:,(?:[A-Za-z0-9]{32,}|\{\w+\}))?$",
        description="be at least 32 letters and digits, or two such, or places",
    ),
]
type SecondFactorRule = Literal["required", "optional"]
type Seconds = Annotated[
    float, Meta(gt=0, le=86_400, description="be a number more than zero, at most 86400")
]
type Switch = Annotated[bool, Meta(description="be true or false")]
type Count = Annotated[
    int, Meta(gt=0, le=2**31 - 1, description="be a number more than zero, without a fraction")
]
type Days = Annotated[
    int, Meta(gt=0, le=3_650, description="be a number of days more than zero, at most 3650")
]
#: Currencies that Stripe charges in the minor unit of ISO 4217 (https://docs.stripe.com/currencies): it has
#: its own for ISK, MGA and UGX.
type Currency = Literal[
    "AED", "AUD", "BHD", "BRL", "CAD", "CHF", "CLP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR",
    "JOD", "JPY", "KRW", "KWD", "MXN", "MYR", "NOK", "NZD", "OMR", "PHP", "PLN", "QAR", "RON", "SAR", "SEK",
    "SGD", "THB", "TND", "TRY", "TWD", "USD", "VND", "XAF", "XOF", "ZAR",
]  # fmt: skip
type Region = Annotated[
    str,
    Meta(pattern=r"^[a-z]{2}(?:-[a-z]+)+-\d$", description="be an AWS region such as us-east-1"),
]
type Architecture = Literal["x86_64", "arm64"]
type Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
