"""Product search: queries, filters, and the comparison of words."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec

from shop.domain.money import exponent_of
from shop.domain.scripts import UNSPACED, TypedSku, folded, typed_sku

#: Maximum depth of paging in results; deeper pages are refused, because their cost grows with depth.
MAX_DEPTH: Final = 10_000
#: Maximum number of words of a query; further words are ignored.
MAX_WORDS: Final = 12


class SearchSort(StrEnum):
    """Order of the results; ties are ordered by id."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"


class PriceRange(NamedTuple):
    """A range of the price facet, in minor units; `from_minor` is inclusive, `below_minor` exclusive."""

    name: str
    from_minor: int
    below_minor: int | None


#: The limits of the price facet in units of the currency. A currency without decimals has units of about the
#: value of another's cent, so its limits are a hundred times as high.
_LIMITS: Final = (500, 1_000)


def price_ranges() -> tuple[PriceRange, PriceRange, PriceRange]:
    """Return the ranges of the price facet in the shop's currency.

    >>> [each.name for each in price_ranges()]
    ['0-500', '500-1000', '1000+']
    """
    places = exponent_of()
    first, second = (limit if places else limit * 100 for limit in _LIMITS)
    low, high = first * 10**places, second * 10**places
    return (
        PriceRange(f"0-{first}", 0, low),
        PriceRange(f"{first}-{second}", low, high),
        PriceRange(f"{second}+", high, None),
    )


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions that every result meets.

    Attributes
    ----------
    brands, categories : tuple of str
        Any of these; a category includes the categories below it.
    tags : tuple of str
        All of these tags.
    price_from_minor, price_to_minor : int or None
        Range of prices, both ends included.
    in_stock : bool
        Only products that can be sold now.
    """

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    in_stock: bool = False


class Walk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """The place in the results of a search after which the next page continues.

    Attributes
    ----------
    engine : str
        The engine that gave it, which alone can continue.
    listing : str
        Digest of the text, the filters and the order.
    strict : bool
        Whether the products match all words, as the first page decided.
    key : int or float or None
        The value by which the last result is sorted; None begins at the first result that is not in `seen`.
    id : UUID
        The last result.
    snapshot : str
        The engine's name for the state of the index on which the walk continues; empty if there is none.
    seen : tuple of UUID
        Results of the first page, which is older than the snapshot.
    """

    engine: str
    listing: str
    strict: bool
    key: int | float | None
    id: UUID
    snapshot: str = ""
    seen: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=100)] = ()


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A validated search; without words it matches every product. `after` continues a walk."""

    text: str = ""
    filters: Filters = msgspec.field(default_factory=Filters)
    sort: SearchSort = SearchSort.RELEVANCE
    page: int = 1
    per_page: int = 20
    after: Walk | None = None

    @property
    def listing(self) -> str:
        """A digest of what is searched for and in which order."""
        described = msgspec.json.encode((self.text, self.filters, self.sort))
        return hashlib.sha256(described).hexdigest()[:16]

    @property
    def offset(self) -> int:
        """Number of results on the pages before this one."""
        return (self.page - 1) * self.per_page

    @property
    def words(self) -> tuple[str, ...]:
        """Its distinct words."""
        return tuple(dict.fromkeys(words_of(self.text)))

    @property
    def sku(self) -> TypedSku | None:
        """The SKU, or the part of one, that its text may be."""
        return typed_sku(self.text)

    @property
    def order(self) -> SearchSort:
        """The effective order: without words, relevance does not apply."""
        if self.sort is SearchSort.RELEVANCE and not self.words:
            return SearchSort.NEWEST
        return self.sort


# Numbers keep points and commas ("1.8 l"), words keep apostrophes. A word ends where a script without spaces
# begins ("USBケーブル").
_WORD: Final = re.compile(
    rf"[{UNSPACED}]+"
    rf"|(?:(?![{UNSPACED}])[^\W_])+(?:(?:['\u2019]|(?<=\d)[.,](?=\d))(?:(?![{UNSPACED}])[^\W_])+)*"
)
# "1,8" is "1.8", but "1,000" is a thousand.
_DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
_POSSESSIVE: Final = re.compile(r"['\u2019]s$")


def words_of(text: str) -> tuple[str, ...]:
    """Split text into words in lower case, without accents and possessive endings."""
    words = (_POSSESSIVE.sub("", word) for word in _WORD.findall(folded(text)))
    return tuple(_DECIMAL_COMMA.sub(".", re.sub(r"['\u2019]", "", word)) for word in words)[
        :MAX_WORDS
    ]


def typed_words(prefix: str) -> tuple[str, ...]:
    """Split a typed prefix as `words_of` does, but also split numbers at points and commas."""
    return tuple(part for word in words_of(prefix) for part in re.split(r"[.,]", word))


class Synonyms:
    """Words and phrases that are equivalent to others.

    Parameters
    ----------
    text : str
        In Solr's format: ``a, b c`` are equivalent, ``a, b => c, d`` replaces; ``#`` begins a comment.
    """

    def __init__(self, text: str) -> None:
        self.lines = tuple(
            line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())
        )
        self._alternatives: dict[tuple[str, ...], tuple[str, ...]] = {}
        for line in self.lines:
            left, arrow, right = line.partition("=>")
            meanings = _phrases(right if arrow else left)
            for phrase in _phrases(left):
                key = tuple(_singular(word) for word in phrase.split())
                known = self._alternatives.get(key, ())
                self._alternatives[key] = tuple(dict.fromkeys((*known, *meanings)))
        self._longest = max(map(len, self._alternatives), default=1)

    def groups(self, words: Sequence[str]) -> list[tuple[str, ...]]:
        """Turn words into groups; each group lists alternative words or phrases."""
        found: list[tuple[str, ...]] = []
        position = 0
        while position < len(words):
            for length in range(min(self._longest, len(words) - position), 0, -1):
                span = words[position : position + length]
                meanings = self._alternatives.get(tuple(_singular(word) for word in span))
                if meanings or length == 1:
                    own = " ".join(span)
                    others = [other for other in meanings or () if other != own]
                    replaced = bool(meanings) and _is_replaced(own, meanings or ())
                    found.append(tuple(others) if replaced else (own, *others))
                    position += length
                    break
        return found


def _is_replaced(own: str, meanings: Sequence[str]) -> bool:
    singular = " ".join(_singular(word) for word in own.split())
    return all(" ".join(_singular(w) for w in meaning.split()) != singular for meaning in meanings)


def _phrases(side: str) -> tuple[str, ...]:
    return tuple(" ".join(words_of(phrase)) for phrase in side.split(",") if phrase.strip())


def _singular(word: str) -> str:
    """Remove the ending of most plurals; for comparing words that were both treated this way."""
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def edits(first: str, second: str) -> int:
    """Return the edit distance of two words: insertions, deletions, substitutions and transpositions."""
    before: list[int] = []
    above = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        row = [i]
        for j, other in enumerate(second, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def tolerated_edits(word: str) -> int:
    """Return the edit distance tolerated for a word, as ``fuzziness: AUTO`` does."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def corrections(word: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return likely corrections of a misspelt word, the nearest first."""
    near = [(edits(word, other), other) for other in known]
    allowed = [(count, other) for count, other in near if count <= tolerated_edits(word)]
    return [other for _, other in sorted(allowed)[:limit]]


def did_you_mean(words: Sequence[str], similar: Mapping[str, Sequence[str]]) -> str | None:
    """Return a corrected query for one that found nothing; None if there is none.

    Parameters
    ----------
    words : sequence of str
        The query's words.
    similar : mapping
        Similar words for each unknown word.
    """
    better = [_nearest(word, similar[word]) if similar.get(word) else word for word in words]
    return " ".join(better) if better != list(words) else None


def _nearest(word: str, candidates: Sequence[str]) -> str:
    best = min(
        candidates, key=lambda other: (edits(word, other), abs(len(word) - len(other)), other)
    )
    return best if edits(word, best) <= max(2, len(word) // 2) else word
