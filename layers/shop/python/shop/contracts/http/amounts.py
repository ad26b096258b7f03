"""Amounts of money in requests, and rates."""

from decimal import Decimal
from typing import Annotated, Final

import msgspec


class Amount(Decimal):
    """A JSON number, read exactly. Unlike `Decimal`, it does not accept numbers given as text."""

    __slots__ = ()


_IN_PERCENT: Final = msgspec.Meta(description="In percent, with up to four decimals.")
type Percent = Annotated[Decimal, _IN_PERCENT]
type SentPercent = Annotated[Amount, _IN_PERCENT]
