"""Refusals and failures, as exceptions with a stable code.

::

    ShopError                     any refusal; has .code, .detail and .errors
    ├── InvalidRequest            a field is wrong
    ├── InsufficientStock         lines that exceed what is available
    ├── NotFound                  it does not exist, or is another customer's
    ├── Conflict                  the state does not allow it (now)
    ├── Unauthenticated           no session, or an expired one
    ├── Forbidden                 the role does not allow it
    ├── PaymentDeclined           the bank declined the payment
    ├── TooManyRequests           try again after retry_after_seconds
    └── DependencyUnavailable     a required server is unavailable; nothing was changed
        ├── PaymentOutcomeUnknown the provider did not answer; reconciliation decides
        └── TaxUnavailable        the tax is not known, so nothing is priced

`shop.contracts.problems` maps every code to its HTTP status.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self


class FieldError(NamedTuple):
    """One field that is wrong, and why."""

    field: str
    message: str


class ShopError(Exception):
    """A refusal with a message for the caller.

    Parameters
    ----------
    detail : str
        One sentence for the caller.
    code : str, optional
        Stable machine-readable code; the class's own by default.
    errors : sequence of FieldError, optional
        The fields concerned.
    """

    default_code: ClassVar[str] = "internal_error"
    retry_after_seconds: int | None = None

    def __init__(
        self, detail: str, *, code: str | None = None, errors: Sequence[FieldError] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = tuple(errors)


class InvalidRequest(ShopError):
    """A field is wrong."""

    default_code = "validation_failed"

    @classmethod
    def field(cls, name: str, message: str) -> Self:
        """Create the refusal of one field, from its name in the request and what it must be."""
        return cls("A field is wrong.", errors=[FieldError(name, message)])


class InsufficientStock(ShopError):
    """Less is available than was asked for; `errors` names the lines."""

    default_code = "insufficient_stock"


class NotFound(ShopError):
    """The resource does not exist, or belongs to another customer."""

    default_code = "not_found"


class Conflict(ShopError):
    """The present state does not allow the request."""

    default_code = "conflict"


class Unauthenticated(ShopError):
    """No session was sent, or it has expired."""

    default_code = "session_required"


class Forbidden(ShopError):
    """The session's role may not do this."""

    default_code = "forbidden"


class PaymentDeclined(ShopError):
    """The bank declined the card; the order is cancelled and its stock returned."""

    default_code = "card_declined"


class TooManyRequests(ShopError):
    """The caller's rate limit is used up.

    Parameters
    ----------
    retry_after_seconds : int
        Seconds until the next request is accepted.
    """

    default_code = "too_many_requests"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many requests; slow down.")
        self.retry_after_seconds = retry_after_seconds


class DependencyUnavailable(ShopError):
    """A server that the request needs did not answer.

    Parameters
    ----------
    dependency : str
        Its name, for example ``"postgresql"``.
    outage : bool
        Whether the failure affects every request rather than this one: the server does not answer, throttles,
        or is not configured. Consumers wait until an outage ends and count any other failure as an attempt of
        the message.
    """

    default_code = "dependency_unavailable"
    retry_after_seconds = 2

    def __init__(
        self,
        dependency: str,
        detail: str | None = None,
        *,
        code: str | None = None,
        outage: bool = False,
    ) -> None:
        super().__init__(detail or f"{dependency} is not available; try again.", code=code)
        self.dependency = dependency
        self.outage = outage


class PaymentOutcomeUnknown(DependencyUnavailable):
    """The payment provider did not answer in time; the reconciliation determines the outcome."""

    default_code = "payment_outcome_unknown"

    def __init__(self) -> None:
        super().__init__(
            "stripe",
            "The payment provider did not answer. The order stays PAYMENT_PROCESSING and is settled "
            "without you; repeating this request never charges twice.",
        )


class TaxUnavailable(DependencyUnavailable):
    """The tax of a sale is not known, because its provider did not answer."""

    default_code = "tax_unavailable"

    def __init__(self, provider: str) -> None:
        super().__init__(
            provider, "The tax cannot be determined now, and nothing is sold without; try again."
        )


class RefundRefused(Exception):
    """The provider rejects the refund; staff must act."""


class StillUnknown(PaymentOutcomeUnknown):
    """The provider replays a stored error, so the outcome is still unknown."""


class MailRefused(Exception):
    """The mail service rejects this message permanently."""


class QueryRefused(Exception):
    """The engine works but rejects this query: a bug of the shop."""


class AlreadyConsumed(Exception):
    """The consumer has processed the event before; the transaction was rolled back."""
