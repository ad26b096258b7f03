"""JSON for clients and consumers: amounts are numbers, not text."""

from typing import Any, Final

import msgspec

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def to_json(body: Any) -> str:
    """Encode a body as JSON text."""
    return ENCODER.encode(body).decode()
