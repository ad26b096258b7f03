"""Identifiers: UUID version 7, so that rows made one after the other lie side by side in an index."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """Make a UUID version 7 (RFC 9562, section 5.7).

    Returns
    -------
    UUID
        48 bits of Unix time in milliseconds, then 74 random bits.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76
    value |= secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
