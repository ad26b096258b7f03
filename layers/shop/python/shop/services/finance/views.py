"""What is read from the ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

type Grouping = Literal["function", "flow", "day", "service"]
#: Key of the group of what has no function or service: requests that no function answered.
NONE: Final = "none"


class CostSum(Struct, frozen=True, kw_only=True):
    """The items of one kind in one group.

    Attributes
    ----------
    key : str
        The function, flow, service, or day (``2026-11-27``); empty if nothing was grouped.
    items, cold_starts, retries : int
        Numbers of items.
    cold_start_amount, retry_amount : Decimal
        What of the amount is due to them.
    """

    key: str
    kind: str
    unit: str
    currency: str
    items: int
    quantity: Decimal
    amount: Decimal
    cold_starts: int
    cold_start_amount: Decimal
    retries: int
    retry_amount: Decimal


class CostLine(Struct, frozen=True, kw_only=True):
    """An item with what its invocation or request was.

    Attributes
    ----------
    order_ids : tuple of UUID
        The orders that share it equally; empty for a request of the session before the order.
    """

    item_id: str
    request_id: str
    kind: str
    name: str
    at: datetime
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    currency: str
    price_version: str
    cold_start: bool
    retry: bool
    duration_ms: Decimal | None
    memory_mb: int | None
    init_ms: Decimal | None
    architecture: str | None
    function: str | None
    service: str | None
    flow: str | None
    route: str | None
    status: int | None
    outcome: str | None
    order_ids: tuple[UUID, ...]


class OrderActivity(Struct, frozen=True, kw_only=True):
    """An order as far as its cost depends on it.

    Attributes
    ----------
    last_activity_at : datetime
        Its last change, entry in the timeline, or e-mail.
    events_waiting : bool
        Whether events of it are not published yet.
    """

    order_id: UUID
    user_id: UUID
    status: str
    currency: str
    total_minor: int
    created_at: datetime
    last_activity_at: datetime
    events_waiting: bool


class LedgerSpan(Struct, frozen=True, kw_only=True):
    """The time that the ledger covers; None before the first item or collection.

    Attributes
    ----------
    collected_until : datetime or None
        Of the log group that is furthest behind.
    """

    first_item_at: datetime | None
    collected_until: datetime | None
