"""The synonyms of the catalog, shared by both search engines."""

from functools import cache
from pathlib import Path
from typing import Final

from shop.domain.search import Synonyms

_FILE: Final = Path(__file__).with_name("synonyms.txt")


@cache
def synonyms() -> Synonyms:
    """Read the file once per process."""
    return Synonyms(_FILE.read_text(encoding="utf-8"))
