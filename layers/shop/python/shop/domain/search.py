"""Searching for products: what is asked for, what is found, and how words are compared."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

#: Results that can be paged through: deeper pages are refused, as their cost grows with their depth.
MAX_DEPTH: Final = 10_000
#: Words of a query that count; the rest is ignored.
MAX_WORDS: Final = 12


class SearchSort(StrEnum):
    """Order of the results; those that are equal in it stand by id."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"


class PriceRange(NamedTuple):
    """A range of the price facet, in minor units: `from_minor` is in it, `below_minor` is not."""

    name: str
    from_minor: int
    below_minor: int | None


PRICE_RANGES: Final = (
    PriceRange("0-500", 0, 500_00),
    PriceRange("500-1000", 500_00, 1000_00),
    PriceRange("1000+", 1000_00, None),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What results must be.

    Attributes
    ----------
    brands, categories : tuple of str
        One of these; a category's slug stands for everything below it too.
    tags : tuple of str
        All of these.
    price_from_minor, price_to_minor : int or None
        Both ends are in the range.
    in_stock : bool
        Only what can be sold now.
    """

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    in_stock: bool = False


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A search that has been checked; without words it finds everything."""

    text: str = ""
    filters: Filters = msgspec.field(default_factory=Filters)
    sort: SearchSort = SearchSort.RELEVANCE
    page: int = 1
    per_page: int = 20

    @property
    def offset(self) -> int:
        """How many results the pages before this one hold."""
        return (self.page - 1) * self.per_page

    @property
    def words(self) -> tuple[str, ...]:
        """Its words, each once: a word that is repeated asks for nothing more."""
        return tuple(dict.fromkeys(words_of(self.text)))

    @property
    def order(self) -> SearchSort:
        """The order that is meant: without words nothing is more relevant than another."""
        if self.sort is SearchSort.RELEVANCE and not self.words:
            return SearchSort.NEWEST
        return self.sort


# Numbers keep their points and commas ("1.8 l"), words their apostrophes.
_WORD: Final = re.compile(r"[^\W_]+(?:(?:['\u2019]|(?<=\d)[.,](?=\d))[^\W_]+)*")
# "1,8" is "1.8", but "1,000" is a thousand.
_DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
# Letters that no accent explains, as PostgreSQL's unaccent and OpenSearch's asciifolding write them.
_PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ħ": "h", "\u0131": "i", "ł": "l",
     "ŋ": "n", "ŧ": "t"}
)  # fmt: skip
_POSSESSIVE: Final = re.compile(r"['\u2019]s$")


def words_of(text: str) -> tuple[str, ...]:
    """Split what a customer typed into words: lower case, no accents, no possessive endings."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    plain = plain.casefold().translate(_PLAIN)
    words = (_POSSESSIVE.sub("", word) for word in _WORD.findall(plain))
    return tuple(_DECIMAL_COMMA.sub(".", re.sub(r"['\u2019]", "", word)) for word in words)[
        :MAX_WORDS
    ]


def typed_words(prefix: str) -> tuple[str, ...]:
    """Split the beginning of a name as it is typed: as `words_of`, but numbers into their digits."""
    return tuple(part for word in words_of(prefix) for part in re.split(r"[.,]", word))


class Synonyms:
    """Words and phrases that stand for others.

    Parameters
    ----------
    text : str
        In Solr's format: ``a, b c`` are equal, ``a, b => c, d`` replaces; ``#`` begins a comment.
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
        """Group words into what must be found: each group is alternatives, words or phrases."""
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
    """Drop the ending of most plurals; only ever compared with what went through it too."""
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def edits(first: str, second: str) -> int:
    """Count the insertions, deletions, substitutions and swaps of neighbours between two words."""
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
    """Tell how many typing errors a word may have (as ``fuzziness: AUTO`` does)."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def corrections(word: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Choose the words that a misspelt one may stand for, the nearest first."""
    near = [(edits(word, other), other) for other in known]
    allowed = [(count, other) for count, other in near if count <= tolerated_edits(word)]
    return [other for _, other in sorted(allowed)[:limit]]


def did_you_mean(words: Sequence[str], similar: Mapping[str, Sequence[str]]) -> str | None:
    """Make a better query of one that found nothing.

    Parameters
    ----------
    words : sequence of str
        Of the query.
    similar : mapping
        For each word that is not known those that look like it.
    """
    better = [_nearest(word, similar[word]) if similar.get(word) else word for word in words]
    return " ".join(better) if better != list(words) else None


def _nearest(word: str, candidates: Sequence[str]) -> str:
    best = min(
        candidates, key=lambda other: (edits(word, other), abs(len(word) - len(other)), other)
    )
    return best if edits(word, best) <= max(2, len(word) // 2) else word
