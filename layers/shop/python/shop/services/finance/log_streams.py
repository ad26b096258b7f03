"""Which function wrote to a log stream of the shared group."""

import re
from typing import Final

from shop.domain.flows import title_of

#: Names of streams: 2026/11/27/<function>[<version>]<environment>.
_STREAM: Final = re.compile(r"\d{4}/\d{2}/\d{2}/(?P<function>[^\[\]]+)\[[^\[\]]+\]")


def function_of(stream: str) -> str | None:
    """Give the title of a stream's function; None if its name is not one of a function's."""
    found = _STREAM.match(stream)
    return titled(found["function"]) if found else None


def titled(physical_name: str) -> str:
    """Give the title of a function; one that is not known keeps its physical name."""
    return title_of(physical_name) or physical_name
