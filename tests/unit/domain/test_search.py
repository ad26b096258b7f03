"""Words, synonyms and typing errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.adapters.synonyms import synonyms
from shop.domain.money import sell_in
from shop.domain.search import (
    MAX_WORDS,
    SearchQuery,
    SearchSort,
    Synonyms,
    corrections,
    did_you_mean,
    edits,
    price_ranges,
    tolerated_edits,
    typed_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  -- !?  ", ()),
        ("Black LAPTOP", ("black", "laptop")),
        ("e-bike", ("e", "bike")),
        ("Brühlmann Café", ("bruhlmann", "cafe")),
        ("chef's knife", ("chef", "knife")),
        ("chef’s knife", ("chef", "knife")),  # noqa: RUF001
        ("rock'n'roll", ("rocknroll",)),
        ("snake_case", ("snake", "case")),
        ("Straße", ("strasse",)),
        ("4K 16 GB", ("4k", "16", "gb")),
        ("ノート", ("ノート",)),
        ("Łódź Ørsted ÆSIR", ("lodz", "orsted", "aesir")),
        ("Đorđe Þór œuvre \u0131ş\u0131k İzmir", ("dorde", "thor", "oeuvre", "isik", "izmir")),
        ("10 Ω ᾠδή", ("10", "ω", "ωδη")),
        ("1.8 l", ("1.8", "l")),
        ("29 × 2.25", ("29", "2.25")),  # noqa: RUF001
        ("1,8 l", ("1.8", "l")),
        ("puzzle, 1,000 pieces.", ("puzzle", "1,000", "pieces")),
        ("12.5mm", ("12.5mm",)),
        ("Size 42, No.5 a.b", ("size", "42", "no", "5", "a", "b")),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_numbers_are_typed_digit_by_digit() -> None:
    assert typed_words("Forte 1.8 l") == ("forte", "1", "8", "l")


@given(st.text())
def test_words_are_letters_and_digits(text: str) -> None:
    words = words_of(text)
    assert len(words) <= MAX_WORDS
    assert all(word and not set(word) & set(" %_\\'\"&|!():*<>") for word in words)


def test_only_so_many_words_count() -> None:
    assert len(words_of("a " * 100)) == MAX_WORDS


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("", "", 0),
        ("laptop", "laptop", 0),
        ("labtop", "laptop", 1),
        ("kettelbell", "kettlebell", 1),  # neighbours swapped
        ("vaccum", "vacuum", 1),
        ("bagpack", "backpack", 2),
        ("headfones", "headphones", 2),
        ("", "abc", 3),
        ("ca", "abc", 3),
    ],
)
def test_edits(first: str, second: str, count: int) -> None:
    assert edits(first, second) == edits(second, first) == count


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edits_are_a_distance(first: str, second: str) -> None:
    assert (edits(first, second) == 0) == (first == second)
    assert abs(len(first) - len(second)) <= edits(first, second) <= max(len(first), len(second))


def test_short_words_must_be_right() -> None:
    assert [tolerated_edits(word) for word in ("tv", "bag", "chair", "laptop")] == [0, 1, 1, 2]
    assert corrections("tv", ["tx"]) == []
    assert corrections("labtop", ["tabletop", "laptop", "lamp", "desktop"]) == ["laptop"]


def test_a_better_query() -> None:
    similar = {"headfonez": ["headphones", "headband"], "qqqq": []}
    assert did_you_mean(["black", "headfonez"], similar) == "black headphones"
    assert did_you_mean(["qqqq"], similar) is None
    assert did_you_mean([], {}) is None


_SYNONYMS = Synonyms(
    """
    # a comment
    couch, sofas, settee  # and another
    cell phone, smartphone
    red => red, burgundy
    handy => smartphone
    """
)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("green couch", [("green",), ("couch", "sofas", "settee")]),
        ("sofa", [("sofa", "couch", "sofas", "settee")]),
        ("couches", [("couches", "couch", "sofas", "settee")]),
        ("cell phones", [("cell phones", "cell phone", "smartphone")]),
        ("cell", [("cell",)]),
        ("red", [("red", "burgundy")]),
        ("burgundy", [("burgundy",)]),
        ("handy", [("smartphone",)]),
        ("", []),
    ],
)
def test_synonyms(text: str, groups: list[tuple[str, ...]]) -> None:
    assert _SYNONYMS.groups(words_of(text)) == groups


def test_no_synonyms() -> None:
    assert Synonyms("").groups(["a", "b"]) == [("a",), ("b",)]


def test_the_file_of_synonyms_is_clean() -> None:
    for line in synonyms().lines:
        phrases = [part.strip() for part in line.replace("=>", ",").split(",")]
        assert len(phrases) > 1, line
        assert all(phrase == " ".join(words_of(phrase)) for phrase in phrases), line
        if "=>" not in line:
            assert len(set(phrases)) == len(phrases), line


def test_the_order_that_is_meant() -> None:
    assert SearchQuery(text="…").order is SearchSort.NEWEST
    assert SearchQuery(text="laptop").order is SearchSort.RELEVANCE
    assert SearchQuery(sort=SearchSort.PRICE_ASC).order is SearchSort.PRICE_ASC
    assert SearchQuery(page=3, per_page=20).offset == 40


@pytest.mark.parametrize(
    ("currency", "first", "second", "names"),
    [
        ("USD", 500_00, 1000_00, ["0-500", "500-1000", "1000+"]),
        ("JPY", 50_000, 100_000, ["0-50000", "50000-100000", "100000+"]),
        ("KWD", 500_000, 1_000_000, ["0-500", "500-1000", "1000+"]),
    ],
)
def test_price_ranges_leave_no_gap_in_any_currency(
    currency: str, first: int, second: int, names: list[str]
) -> None:
    before = sell_in(currency)
    try:
        ranges = price_ranges()
    finally:
        sell_in(before)
    assert [each.name for each in ranges] == names
    assert [(each.from_minor, each.below_minor) for each in ranges] == [
        (0, first), (first, second), (second, None),
    ]  # fmt: skip
