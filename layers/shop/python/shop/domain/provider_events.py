"""What the payment provider reports by webhook."""

from uuid import UUID

import msgspec

from shop.domain.payments import Intent
from shop.domain.refunds import ProviderRefund


class IntentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An intent changed; `intent` is its state at the time of the event and may be outdated."""

    event_id: str
    event_type: str
    intent: Intent


class ChargeRefunded(msgspec.Struct, frozen=True, kw_only=True):
    """A charge was refunded, in whole or in part.

    Attributes
    ----------
    refunded_minor : int
        What the charge has returned in all, at the time of the event.
    order_id : UUID or None
        From the charge's metadata, which equals its intent's.
    """

    event_id: str
    event_type: str
    payment_intent_id: str
    refunded_minor: int
    order_id: UUID | None


class RefundChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A refund was made, or failed."""

    event_id: str
    event_type: str
    refund: ProviderRefund


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's bank disputes a charge. `status` is the provider's."""

    dispute_id: str
    payment_intent_id: str
    amount_minor: int
    currency: str
    reason: str
    status: str


class DisputeChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute was opened, changed or closed."""

    event_id: str
    event_type: str
    dispute: Dispute


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the shop does not handle."""

    event_id: str
    event_type: str


#: The content of a webhook with a verified signature.
type ProviderEvent = IntentChanged | ChargeRefunded | RefundChanged | DisputeChanged | Ignored
