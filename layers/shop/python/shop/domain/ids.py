"""Identifiers: UUID version 7, so that consecutive rows are adjacent in an index."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Generate a UUID version 7 (RFC 9562, section 5.7).

    Returns
    -------
    UUID
        48 bits of Unix time in milliseconds, then 74 random bits.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76
    random = int.from_bytes(os.urandom(10))
    value |= (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)
