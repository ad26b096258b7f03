"""Comparison of text in any script: folded letters, bigrams, and SKUs as they are typed.

The functions `folded`, `bigrams` and `plain_sku` of the database (migration 0027) do the same; a test holds
them equal.
"""

import re
import unicodedata
from typing import Final

# Accents, Hebrew points, Arabic vowel signs and the tatweel; not the voicing marks of Japanese or the vowel
# and tone signs of Thai, which make other words.
_MARKS: Final = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670]")
# Letters without a decomposition, replaced as PostgreSQL's unaccent and OpenSearch's asciifolding do.
_PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ħ": "h", "\u0131": "i", "ł": "l",
     "ŋ": "n", "ŧ": "t", "ß": "ss", "\u03c2": "\u03c3"}
)  # fmt: skip
#: Letters of scripts that are written without spaces between words, or whose words are compounds: Thai, Lao,
#: Myanmar, Khmer, Japanese, Chinese and Korean.
UNSPACED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1100-\u11ff\u1780-\u17d3\u3005-\u3007\u3041-\u3096"
    "\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"[{UNSPACED}]+")
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_SKU: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: The fewest characters of a part of a SKU that is searched for.
_SKU_PART: Final = 3


def folded(text: str) -> str:
    """Return text in lower case, without accents, in one form of Unicode."""
    without = _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_PLAIN)
    return unicodedata.normalize("NFC", without)


def is_unspaced(word: str) -> bool:
    """Return whether a folded word is of a script that is written without spaces."""
    return bool(_RUN.match(word))


def bigrams(text: str) -> str:
    """Return the overlapping pairs of letters of the unspaced scripts in folded text.

    Each run of such letters ends with its last letter alone, so that a word of one letter is found by its
    beginning, and no pair of one run is followed by a pair of the next.

    >>> bigrams("ワイヤ usb 水")
    'ワイ イヤ ヤ 水'
    """
    return " ".join(
        run[start : start + 2] for run in _RUN.findall(text) for start in range(len(run))
    )


def plain_sku(sku: str) -> str:
    """Return a SKU as it is compared: letters in lower case and digits."""
    return _NOT_PLAIN.sub("", sku.lower())


class TypedSku:
    """A search that may be a SKU or a part of one.

    Attributes
    ----------
    plain : str
        As `plain_sku` returns it.
    is_part : bool
        Whether it also finds SKUs that contain it: a word with a digit or a separator is not likely a word
        of a language.
    """

    def __init__(self, plain: str, *, is_part: bool) -> None:
        self.plain = plain
        self.is_part = is_part


def typed_sku(text: str) -> TypedSku | None:
    """Read a search as a SKU; None if it cannot be one."""
    typed = text.strip()
    plain = plain_sku(typed)
    if not plain or not _SKU.fullmatch(typed):
        return None
    is_code = any(not letter.isalpha() for letter in typed)
    return TypedSku(plain, is_part=is_code and len(plain) >= _SKU_PART)
