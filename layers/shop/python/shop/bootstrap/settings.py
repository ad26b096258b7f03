"""Settings, read from the environment and validated."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from shop.bootstrap.constraints import (
    AmqpUrl,
    Architecture,
    Base,
    Count,
    Currency,
    Days,
    Digests,
    HttpUrl,
    Keys,
    Level,
    Origin,
    PostgresUrl,
    RedisUrl,
    Region,
    SecondFactorRule,
    Seconds,
    Switch,
)


class SettingsError(Exception):
    """A setting is missing or malformed; the message names it and what it must be.

    Parameters
    ----------
    problems : mapping
        Maps the names of variables to the problem with each.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.names = tuple(problems)


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting, as environment variable ``SHOP_<NAME>``. A function has those that it uses.

    Attributes
    ----------
    database_url : str
        PostgreSQL: ``postgresql://user:password@host:port/database``.
    database_secret : str
        ARN of the secret whose members ``SHOP_DATABASE_URL`` has places for, as in
        ``postgresql://{username}:{password}@…``. Likewise the other secrets.
    application_secret : str
        ARN of the secret with name and password of the role that the other functions connect as, which
        ``platform/migrate`` creates. If empty, none is created.
    database_prepare : bool
        Whether statements that run more than once are prepared. Set it to ``false`` behind a pooler that does
        not support prepared statements.
    redis_url : str
        Redis or Valkey: ``redis://…``, or ``rediss://…`` for TLS.
    redis_secret : str
        ARN of the secret for ``SHOP_REDIS_URL``.
    rabbitmq_url : str
        RabbitMQ: ``amqp://…``, or ``amqps://…`` for TLS.
    rabbitmq_secret : str
        ARN of the secret for ``SHOP_RABBITMQ_URL``.
    opensearch_url : str
        OpenSearch: ``http[s]://…``. If empty, PostgreSQL serves search.
    opensearch_secret : str
        ARN of the secret for ``SHOP_OPENSEARCH_URL``.
    opensearch_timeout_seconds : float
        PostgreSQL answers a search if OpenSearch takes longer.
    stripe_url : str
        Base URL of the payment API. If empty, Stripe's own.
    stripe_key : str
        Stripe's secret key.
    stripe_webhook_secret : str
        Signing secret of the webhook endpoint at Stripe.
    stripe_secret : str
        ARN of the secret for ``SHOP_STRIPE_KEY`` and ``SHOP_STRIPE_WEBHOOK_SECRET``.
    stripe_timeout_seconds : float
        The outcome of a payment is unknown if Stripe takes longer to answer.
    stripe_configured : bool
        Whether there is a key of Stripe; for ``platform/get_health``, which does not hold it.
    service_token_sha256 : str
        SHA-256 digests, in hexadecimal and separated by a comma, of the one or two tokens with which other
        services authenticate; or places for the members of a secret.
    service_secret : str
        ARN of the secret for ``SHOP_SERVICE_TOKEN_SHA256``.
    second_factor_keys : str
        One or two keys, separated by a comma, that the secrets of second factors are derived from; or places
        for the members of a secret. New enrolments use the first.
    second_factor_secret : str
        ARN of the secret for ``SHOP_SECOND_FACTOR_KEYS``.
    staff_second_factor : str
        ``required``: without a second factor an account of staff may only enrol; or ``optional``.
    api_base : str
        What precedes ``/api`` in clients' URLs: the stage, or ``https://host[/path]`` of a custom domain. The
        ``type`` of problems begins with it.
    allowed_origin : str
        Origin whose pages may call the API from a browser (CORS); ``*``: any, as the API uses
        no cookies.
    currency : str
        ISO 4217 code of the shop's only currency.
    prices_include_tax : bool
        Whether the catalog's prices and the shipping rates include the tax: a total is then the sum of the
        prices that were shown, and the tax is a part of it.
    email_sender : str
        Sender of e-mails, verified in SES.
    site_url : str
        Base URL of the shop's pages, to which links in e-mails lead.
    checkout_arn : str
        ARN of the checkout state machine; set for ``orders/checkout`` only.
    reservation_ttl_seconds : int
        How long checkout holds stock.
    return_window_days : int
        Days after its delivery within which units of an order can be returned.
    rate_limit_per_second : int
        Requests that a session may send per second.
    rate_limit_burst : int
        Requests that a session may send at once before that limit applies.
    sign_ups_per_hour : int
        Sign-ups that one source may send per hour.
    guest_sessions_per_hour : int
        Guest sessions that one source may open per hour, and eight times as many per day.
    log_level : str
        Least severe level that is logged.
    function_log_group : str
        Log group of all functions; set for ``finance/collect_costs`` only.
    access_log_group : str
        Log group of the API's access log; set for ``finance/collect_costs`` only.
    price_region : str
        AWS region whose price list costs are computed with.
    infrastructure_folder : str
        Folder of migrations and price lists; used by ``platform/migrate`` only.
    architecture : str
        Instruction set of the functions, as the template declares it.
    """

    database_url: PostgresUrl = ""
    redis_url: RedisUrl = ""
    rabbitmq_url: AmqpUrl = ""
    database_secret: str = ""
    application_secret: str = ""
    redis_secret: str = ""
    rabbitmq_secret: str = ""
    opensearch_secret: str = ""
    stripe_secret: str = ""
    opensearch_url: HttpUrl = ""
    opensearch_timeout_seconds: Seconds = 1.5
    stripe_url: HttpUrl = ""
    stripe_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_timeout_seconds: Seconds = 8.0
    stripe_configured: Switch = False
    service_token_sha256: Digests = ""
    service_secret: str = ""
    second_factor_keys: Keys = ""
    second_factor_secret: str = ""
    staff_second_factor: SecondFactorRule = "required"
    database_prepare: Switch = True
    api_base: Base = "/prod"
    allowed_origin: Origin = "*"
    currency: Currency = "USD"
    prices_include_tax: Switch = False
    email_sender: str = "orders@shop.example"
    site_url: HttpUrl = "https://shop.example"
    checkout_arn: str = ""
    reservation_ttl_seconds: Count = 600
    return_window_days: Days = 30
    rate_limit_per_second: Count = 50
    rate_limit_burst: Count = 200
    sign_ups_per_hour: Count = 20
    guest_sessions_per_hour: Count = 300
    log_level: Level = "INFO"
    function_log_group: str = ""
    access_log_group: str = ""
    price_region: Region = "us-east-1"
    infrastructure_folder: str = "/opt"
    architecture: Architecture = "arm64"


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Parameters
    ----------
    environ : mapping
        Usually ``os.environ``; an empty variable counts as not set.

    Raises
    ------
    SettingsError
        If a setting is malformed; the message names all of them and what each must be.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in fields(Settings):
        name = f"SHOP_{field.name.upper()}"
        text = environ.get(name, "").strip()
        try:
            if text:
                values[field.name] = msgspec.convert(text, field.type, strict=False)
                if problem := _unprotected(field.name, text):
                    problems[name] = f"{name} must {problem}"
        except msgspec.ValidationError:
            # The message quotes a malformed value only if it cannot be an address that contains a password.
            shown = "" if _base(field) is str else f", not {text!r}"
            problems[name] = f"{name} must {_wanted(field)}{shown}"
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def given(name: str, value: str) -> str:
    """Return the value of a setting that is needed.

    Parameters
    ----------
    name : str
        Of the field of `Settings`.

    Raises
    ------
    SettingsError
        If it is not set; the message says what it must be.
    """
    if value:
        return value
    variable = f"SHOP_{name.upper()}"
    (field,) = (field for field in fields(Settings) if field.name == name)
    raise SettingsError({variable: f"{variable} is not set; it must {_wanted(field)}"})


#: Hosts to which no traffic leaves the machine: the laptop's servers, also from a container on it.
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})
#: What the address of each server must be like when it is on another machine.
_VERIFIED: Final = {
    "database_url": "end with ?sslmode=verify-full&sslrootcert=<file>",
    "redis_url": "begin with rediss://",
    "rabbitmq_url": "begin with amqps://",
    "opensearch_url": "begin with https://",
    "stripe_url": "begin with https://",
}


def _unprotected(setting: str, url: str) -> str:
    """Say what a server's address lacks for a connection that is encrypted and verified; empty if nothing.

    The drivers verify certificate and host name with ``rediss``, ``amqps`` and ``https``; libpq does with
    ``sslmode=verify-full`` only.
    """
    wanted = _VERIFIED.get(setting)
    if wanted is None:
        return ""
    parts = urlsplit(url)
    if parts.hostname in _LOOPBACK:
        return ""
    if setting == "database_url":
        protected = parse_qs(parts.query).get("sslmode") == ["verify-full"]
    else:
        protected = parts.scheme in {"rediss", "amqps", "https"}
    return "" if protected else f"{wanted}: only servers of the same machine are used without TLS"


def _annotation(field: FieldInfo) -> Any:
    return getattr(field.type, "__value__", field.type)


def _base(field: FieldInfo) -> Any:
    annotation = _annotation(field)
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _wanted(field: FieldInfo) -> str:
    """Describe the values that a setting accepts."""
    annotation = _annotation(field)
    if get_origin(annotation) is Literal:
        return f"be one of {', '.join(get_args(annotation))}"
    _, meta = get_args(annotation)
    return str(meta.description)
