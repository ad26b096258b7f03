"""Payments through Stripe, with its SDK."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, override
from uuid import UUID

import stripe

from shop.adapters.stripe.objects import (
    read_dispute,
    read_event,
    read_fee,
    read_intent,
    read_refund,
)
from shop.domain.errors import (
    Conflict,
    DependencyUnavailable,
    InvalidRequest,
    PaymentOutcomeUnknown,
    RefundRefused,
    ShopError,
    StillUnknown,
)
from shop.domain.payments import (
    KEY_LIFETIME,
    Attempt,
    Fee,
    Intent,
    IntentStatus,
    charge_key,
    unusable_payment_method,
)
from shop.domain.provider_events import Dispute, ProviderEvent
from shop.domain.refunds import ProviderRefund, Refund, refund_key
from shop.services.payments.ports import PaymentProvider

_log = logging.getLogger(__name__)
#: Objects on a page of a list.
_PAGE: Final = 100
#: Maximum age of a webhook in seconds; the signature covers the time at which it was sent.
_TOLERANCE_SECONDS: Final = 300


class StripePayments(PaymentProvider):
    """The payment provider Stripe.

    Parameters
    ----------
    key : str
        Secret key.
    webhook_secret : str
        Signing secret of the webhook endpoint.
    url : str
        Base address; empty for Stripe's own.
    timeout_seconds : float
        Without an answer in this time the outcome is unknown. The SDK's own retries are off: the client or
        the reconciliation repeats a request with the same key.
    """

    def __init__(self, key: str, webhook_secret: str, url: str, timeout_seconds: float) -> None:
        self._webhook_secret = webhook_secret
        self._configured = (
            stripe.StripeClient(
                key,
                base_addresses={"api": url} if url else None,
                http_client=stripe.RequestsClient(timeout=timeout_seconds),
                max_network_retries=0,
            )
            if key
            else None
        )

    @property
    def _client(self) -> stripe.StripeClient:
        if self._configured is None:
            raise DependencyUnavailable(
                "stripe", "Payments are not set up: SHOP_STRIPE_KEY is empty."
            )
        return self._configured

    @override
    def check_payment_method(self, payment_method_id: str) -> None:
        try:
            # The first call after an idle period may find its connection closed; a GET is safe to repeat.
            self._client.v1.payment_methods.retrieve(
                payment_method_id, options={"max_network_retries": 1}
            )
        except stripe.InvalidRequestError as error:
            raise unusable_payment_method() from error
        except stripe.StripeError as error:
            _log_trouble("check_payment_method", error)
            raise DependencyUnavailable("stripe") from error

    @override
    def charge(self, attempt: Attempt) -> Intent:
        try:
            with _unknown_outcomes("charge", stripe.CardError, stripe.InvalidRequestError):
                created = self._client.v1.payment_intents.create(
                    params={
                        "amount": attempt.amount_minor,
                        "currency": attempt.currency.lower(),
                        "payment_method": attempt.payment_method_id,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "confirm": True,
                        "metadata": {
                            "order_id": str(attempt.order_id),
                            "attempt": str(attempt.attempt),
                        },
                    },
                    options={"idempotency_key": charge_key(attempt.order_id, attempt.attempt)},
                )
        except stripe.CardError as error:
            return _declined(error)
        except stripe.InvalidRequestError as error:
            _log.error("stripe refused a charge: %s %s", error.code, error.user_message)
            code = error.code if error.code == "amount_too_small" else "refused"
            return Intent(intent_id=None, status=IntentStatus.REFUSED, failure_code=code)
        return read_intent(created.to_dict())

    @override
    def retrieve(self, payment_intent_id: str) -> Intent:
        with _unknown_outcomes("retrieve"):
            found = self._client.v1.payment_intents.retrieve(payment_intent_id)
        return read_intent(found.to_dict())

    @override
    def fee(self, payment_intent_id: str) -> Fee | None:
        with _unknown_outcomes("fee"):
            found = self._client.v1.payment_intents.retrieve(
                payment_intent_id, params={"expand": ["latest_charge.balance_transaction"]}
            )
        return read_fee(found.to_dict())

    @override
    def search(self, order_id: UUID, attempt: int) -> Intent | None:
        query = f"metadata['order_id']:'{order_id}' AND metadata['attempt']:'{attempt}'"
        with _unknown_outcomes("search"):
            found = self._client.v1.payment_intents.search(params={"query": query, "limit": 1})
        return read_intent(found.data[0].to_dict()) if found.data else None

    @override
    def cancel(self, payment_intent_id: str) -> Intent:
        try:
            with _unknown_outcomes("cancel", stripe.InvalidRequestError):
                cancelled = self._client.v1.payment_intents.cancel(payment_intent_id)
        except stripe.InvalidRequestError:
            return self.retrieve(payment_intent_id)
        return read_intent(cancelled.to_dict())

    @override
    def refund(self, refund: Refund) -> ProviderRefund:
        # Stripe has discarded the key of an old refund, which may have been made.
        if refund.age > KEY_LIFETIME and (known := self._made(refund)):
            return known
        try:
            with _unknown_outcomes("refund", stripe.InvalidRequestError):
                created = self._client.v1.refunds.create(
                    params={
                        "payment_intent": refund.payment_intent_id,
                        "amount": refund.amount_minor,
                        "metadata": {
                            "order_id": str(refund.order_id),
                            "refund_id": str(refund.refund_id),
                        },
                    },
                    options={"idempotency_key": refund_key(refund.refund_id)},
                )
        except stripe.InvalidRequestError as error:
            if error.code == "charge_already_refunded" and (known := self._made(refund)):
                return known
            raise RefundRefused(f"{error.code}: {error.user_message}") from error
        except PaymentOutcomeUnknown as unknown:
            # Stripe replays a stored 5xx for as long as it keeps the key; the refund may exist.
            known = self._made(refund)
            if known is None:
                raise StillUnknown from unknown
            return known
        made = read_refund(created.to_dict())
        if made is None or made.is_dead:
            raise RefundRefused(f"{created.id} is {created.status}")
        return made

    def _made(self, refund: Refund) -> ProviderRefund | None:
        alive = (made for made in self.refunds_of(refund.payment_intent_id) if not made.is_dead)
        return next((made for made in alive if made.refund_id == refund.refund_id), None)

    @override
    def refunds_of(self, payment_intent_id: str) -> Sequence[ProviderRefund]:
        refunds = self._client.v1.refunds
        return _read_refunds(
            lambda: refunds.list(params={"payment_intent": payment_intent_id, "limit": _PAGE})
        )

    @override
    def recent_refunds(self, within: timedelta) -> Sequence[ProviderRefund]:
        refunds = self._client.v1.refunds
        return _read_refunds(
            lambda: refunds.list(params={"created": {"gte": _since(within)}, "limit": _PAGE})
        )

    @override
    def recent_disputes(self, within: timedelta) -> Sequence[Dispute]:
        with _unknown_outcomes("list disputes"):
            found = self._client.v1.disputes.list(
                params={"created": {"gte": _since(within)}, "limit": _PAGE}
            )
            read = [read_dispute(dispute.to_dict()) for dispute in found.auto_paging_iter()]
        return [dispute for dispute in read if dispute is not None]

    @override
    def dispute(self, dispute_id: str) -> Dispute | None:
        with _unknown_outcomes("retrieve dispute"):
            found = self._client.v1.disputes.retrieve(dispute_id)
        return read_dispute(found.to_dict())

    @override
    def verify(self, payload: bytes, signature: str) -> ProviderEvent:
        if not self._webhook_secret:
            raise DependencyUnavailable(
                "stripe", "Webhooks are not set up: SHOP_STRIPE_WEBHOOK_SECRET is empty."
            )
        try:
            stripe.WebhookSignature.verify_header(
                payload.decode(), signature, self._webhook_secret, _TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise ShopError(
                "Stripe-Signature is missing, wrong or too old.", code="invalid_signature"
            ) from error
        try:
            return read_event(payload)
        except ValueError as error:
            raise InvalidRequest("The body is not an event of Stripe's.") from error


def _since(within: timedelta) -> int:
    return int((datetime.now(UTC) - within).timestamp())


def _read_refunds(
    request: Callable[[], stripe.ListObject[stripe.Refund]],
) -> list[ProviderRefund]:
    with _unknown_outcomes("list refunds"):
        read = [read_refund(refund.to_dict()) for refund in request().auto_paging_iter()]
    return [made for made in read if made is not None]


@contextmanager
def _unknown_outcomes(operation: str, *definite: type[Exception]) -> Iterator[None]:
    """Translate Stripe's errors: one that is not a definite answer leaves the outcome unknown."""
    try:
        yield
    except stripe.StripeError as error:
        if isinstance(error, definite):
            raise
        if operation == "charge" and error.http_status == 409:
            conflict = Conflict(
                "This order is being paid by another request right now.", code="request_in_progress"
            )
            conflict.retry_after_seconds = 1
            raise conflict from error
        _log_trouble(operation, error)
        raise PaymentOutcomeUnknown from error


def _log_trouble(operation: str, error: stripe.StripeError) -> None:
    ours = isinstance(
        error,
        stripe.AuthenticationError
        | stripe.PermissionError
        | stripe.IdempotencyError
        | stripe.InvalidRequestError,
    )
    level = logging.ERROR if ours else logging.WARNING
    _log.log(level, "stripe: %s: %s %s", operation, type(error).__name__, error.http_status)


def _declined(error: stripe.CardError) -> Intent:
    details = error.error
    made = None if details is None else details.payment_intent
    if made is None:
        code = (details.decline_code if details is not None else None) or error.code
        return Intent(intent_id=None, status=IntentStatus.REFUSED, failure_code=code)
    return read_intent(made.to_dict())
