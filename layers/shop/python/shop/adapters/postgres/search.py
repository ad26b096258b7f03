"""The embedded search engine: full text and trigrams of PostgreSQL."""

import json
from collections.abc import Sequence
from typing import Any, Final, override
from uuid import UUID

import msgspec

from shop.adapters.postgres import search_sql
from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.synonyms import synonyms
from shop.domain.cursors import foreign_cursor
from shop.domain.money import MAX_AMOUNT_MINOR
from shop.domain.scripts import TypedSku, is_unspaced, typed_sku
from shop.domain.search import (
    SearchQuery,
    SearchSort,
    Walk,
    corrections,
    did_you_mean,
    price_ranges,
    typed_words,
)
from shop.domain.search_results import (
    MARK_START,
    Facets,
    Found,
    SearchPage,
    Suggestion,
    Suggestions,
)
from shop.services.search.ports import SearchEngine

ENGINE: Final = "postgresql"
#: Brands in the facet: the selected ones and the most frequent ones.
BRAND_LIMIT: Final = 50
#: If fewer products match all words, products that match half of them are returned too.
_ENOUGH: Final = 20

type Groups = list[list[str]]


class PostgresSearchEngine(SearchEngine):
    """The search engine on PostgreSQL.

    A search takes two statements: the first looks up the words and replaces unknown ones by similar ones, the
    second finds, counts and sorts. It reads the tables, so results are never out of date.

    Parameters
    ----------
    database : Database
        With the catalog.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    @override
    def name(self) -> str:
        return ENGINE

    @override
    def search(self, query: SearchQuery) -> SearchPage:
        if query.after:
            _check_walk(query, query.after)
        words = query.words
        with self._database.autocommit() as transaction:
            groups, unknown = _understand(transaction, words)
            if words and not groups and query.sku is None:
                # The query consists of stop words only, so it matches nothing.
                return SearchPage(results=(), total=0, facets=_no_facets(), engine=ENGINE)
            row = transaction.row(
                search_sql.search_statement(
                    query.order,
                    has_words=bool(words),
                    has_sku=query.sku is not None,
                    after=query.after is not None,
                ),
                search_parameters(query, groups),
            )
        if row is None:
            raise RuntimeError("a SELECT without FROM gave no row")
        names = (price_range.name for price_range in price_ranges())
        return SearchPage(
            results=[_found(result) for result in row.results[: query.per_page]],
            total=row.total,
            facets=Facets(
                row.brands, dict(zip(names, row.price_ranges, strict=True)), row.categories
            ),
            engine=ENGINE,
            did_you_mean=None if row.total else did_you_mean(words, unknown),
            following=_following(query, row),
        )

    @override
    def suggest(self, prefix: str, limit: int) -> Suggestions:
        words = typed_words(prefix)
        if not words:
            return Suggestions(suggestions=(), engine=ENGINE)
        # `typed_words` returns letters and digits only, so the pattern needs no escaping. In scripts without
        # spaces a word may begin anywhere.
        patterns = sorted(
            (f"%{word}%" if is_unspaced(word) else f"% {word}%" for word in words), key=len
        )
        with self._database.autocommit() as transaction:
            suggestions = transaction.all(
                Suggestion,
                search_sql.SUGGEST,
                {
                    "longest": patterns[-1],
                    "patterns": patterns,
                    "start": " " + " ".join(words),
                    **_sku_parameters(typed_sku(prefix)),
                    "limit": limit,
                },
            )
        return Suggestions(suggestions=suggestions, engine=ENGINE)


def _understand(
    transaction: Transaction, words: Sequence[str]
) -> tuple[Groups, dict[str, Sequence[str]]]:
    """Turn words into groups of alternatives; also return words similar to the unknown ones."""
    groups = synonyms().groups(words)
    every = dict.fromkeys(word for group in groups for phrase in group for word in phrase.split())
    asked = [word for word in every if not is_unspaced(word)]
    rows = transaction.rows(search_sql.WORDS, {"words": asked}) if asked else []
    meaningful = {row.word for row in rows if row.has_lexemes} | (every.keys() - set(asked))
    unknown = {row.word: row.similar_words for row in rows if not row.is_known}
    understood: Groups = []
    for group in groups:
        alternatives = [phrase for phrase in group if meaningful.intersection(phrase.split())]
        if not alternatives:
            continue
        if all(word in unknown for phrase in alternatives for word in phrase.split()):
            for word in dict.fromkeys(w for phrase in alternatives for w in phrase.split()):
                alternatives += corrections(word, unknown[word])
        understood.append(alternatives)
    asked_for = set(words)
    return understood, {word: found for word, found in unknown.items() if word in asked_for}


def required_groups(count: int) -> int:
    """Return how many groups a product must match when too few products match all of them."""
    return max(1, count // 2)


def search_parameters(query: SearchQuery, groups: Groups) -> dict[str, Any]:
    """Build the parameters of `search_sql.search_statement`."""
    filters = query.filters
    lowest, highest = filters.price_from_minor, filters.price_to_minor
    after = query.after
    _, middle, high = price_ranges()
    return {
        "groups": json.dumps(groups),
        "least": required_groups(len(groups)),
        "brands": list(filters.brands) or None,
        "categories": list(filters.categories) or None,
        "tags": list(filters.tags) or None,
        "in_stock": filters.in_stock,
        "price_from": 0 if lowest is None else lowest,
        "price_to": MAX_AMOUNT_MINOR if highest is None else highest,
        "first_limit": middle.from_minor,
        "second_limit": high.from_minor,
        "enough": _ENOUGH,
        "brand_limit": BRAND_LIMIT,
        # One additional row shows whether there is a next page.
        "limit": query.per_page + 1,
        "offset": query.offset,
        "strict": after and after.strict,
        "key": after and after.key,
        "id": after and after.id,
        **_sku_parameters(query.sku),
    }


def _sku_parameters(sku: TypedSku | None) -> dict[str, str | None]:
    """Build the pattern of SKUs; it needs no escaping. Nothing is like NULL."""
    if sku is None:
        return {"sku": None, "sku_pattern": None}
    return {"sku": sku.plain, "sku_pattern": f"%{sku.plain}%" if sku.is_part else sku.plain}


def _following(query: SearchQuery, row: Any) -> Walk | None:
    """Return the place after a page, of whose rows the last shows that there are more."""
    if len(row.results) <= query.per_page:
        return None
    last = row.results[query.per_page - 1]
    return Walk(ENGINE, query.listing, row.is_strict, last["key"], UUID(last["product_id"]))


def _check_walk(query: SearchQuery, walk: Walk) -> None:
    kinds = int | float if query.order is SearchSort.RELEVANCE else int
    if walk.engine != ENGINE or not isinstance(walk.key, kinds) or abs(walk.key) >= 2**63:
        raise foreign_cursor()


def _no_facets() -> Facets:
    return Facets({}, {price_range.name: 0 for price_range in price_ranges()}, {})


def _found(result: dict[str, Any]) -> Found:
    return msgspec.convert(
        result | {name: _if_marked(result[name]) for name in ("name_marked", "description_marked")},
        Found,
    )


def _if_marked(text: str | None) -> str | None:
    return text if text and MARK_START in text else None
