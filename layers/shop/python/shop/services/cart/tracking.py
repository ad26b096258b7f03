"""Records events for new carts and for abandoned carts."""

import uuid
from datetime import datetime
from typing import Final
from uuid import UUID

from shop.contracts.events import CartAbandoned, CartCreated
from shop.domain.cart import ABANDONED_AFTER, TrackedCart
from shop.services.cart.ports import CartStore
from shop.services.unit_of_work import OpenUnitOfWork

#: Namespace of the ids of cart events: an event that is recorded again has the same id and is ignored.
_EVENT_IDS: Final = UUID("0b9f6a44-54c6-5b0e-9a3e-5c7c1d1f8f52")


_BATCH: Final = 500


def track_carts(
    carts: CartStore, open_unit_of_work: OpenUnitOfWork, now: datetime
) -> dict[str, int]:
    """Record ``cart.created`` and ``cart.abandoned`` for carts that were not reported yet.

    Event ids are derived from the cart (and its last write), so that a run that stops between the commit and
    the update of the store leads to no duplicate.

    Returns
    -------
    dict
        Number of carts found, by kind.
    """
    new = carts.new_carts(_BATCH)
    idle = carts.idle_carts(now - ABANDONED_AFTER, _BATCH)
    with open_unit_of_work() as unit:
        for cart in new:
            unit.record(
                CartCreated(cart_id=cart.cart_id, user_id=cart.user_id),
                correlation_id=cart.cart_id,
                event_id=_event_id("created", cart),
            )
        for cart in idle:
            if cart.last_write_at is not None:
                unit.record(
                    CartAbandoned(
                        cart_id=cart.cart_id,
                        user_id=cart.user_id,
                        last_write_at=cart.last_write_at,
                    ),
                    correlation_id=cart.cart_id,
                    event_id=_event_id("abandoned", cart),
                )
    carts.reported(new, idle)
    return {"created": len(new), "abandoned": len(idle)}


def _event_id(what: str, cart: TrackedCart) -> UUID:
    moment = cart.last_write_at.isoformat() if cart.last_write_at else ""
    return uuid.uuid5(_EVENT_IDS, f"{what}:{cart.cart_id}:{moment}")
