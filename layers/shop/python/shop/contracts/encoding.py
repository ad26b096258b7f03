"""JSON as clients and consumers get it: amounts are numbers, not text."""

from typing import Any, Final

import msgspec

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def to_json(body: Any) -> str:
    """Encode an answer."""
    return ENCODER.encode(body).decode()
