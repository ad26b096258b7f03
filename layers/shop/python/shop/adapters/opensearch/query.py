"""Builds queries in OpenSearch's query language. Text from customers is only ever passed as a value."""

from collections.abc import Sequence
from typing import Any, Final

from shop.domain.scripts import TypedSku, is_unspaced, typed_sku
from shop.domain.search import Filters, SearchQuery, SearchSort, price_ranges, typed_words
from shop.domain.search_results import MARK_END, MARK_START

BRAND_LIMIT: Final = 50
#: Aggregation that counts the products that the words match, before filters.
MATCHED: Final = "matched"
#: Aggregation that counts the products that contain a word or a synonym of it exactly.
KNOWN: Final = "known"
#: How long a snapshot of the index waits for the next page.
KEEP_ALIVE: Final = "5m"
_ACTIVE: Final = {"term": {"is_active": True}}
_CATEGORY_LIMIT: Final = 1_000

_FIELDS: Final = ["name^3", "description", "tags^1.5", "brand^1.5"]
_WHOLE_SKU: Final = 10_000.0
_SKU_BEGINNING: Final = 5_000.0
_SKU_PART: Final = 2_500.0
_RESULT: Final = [
    "id", "name", "description", "brand", "price_minor", "currency", "stock", "image_url", "category",
]  # fmt: skip
_BY_ID: Final = {"id": "asc"}
_ORDERS: Final[dict[SearchSort, list[Any]]] = {
    SearchSort.RELEVANCE: [{"_score": "desc"}, _BY_ID],
    SearchSort.NEWEST: [{"created_at": "desc"}, _BY_ID],
    SearchSort.PRICE_ASC: [{"price_minor": "asc"}, _BY_ID],
    SearchSort.PRICE_DESC: [{"price_minor": "desc"}, _BY_ID],
}


def search_body(query: SearchQuery, words: Sequence[str], *, strict: bool) -> dict[str, Any]:
    """Build the body of a search.

    Parameters
    ----------
    words : sequence of str
        The words of the query; if empty, every product matches.
    strict : bool
        Whether a product must match all words, or only half of them.

    Notes
    -----
    Filters are applied after the facets are counted (``post_filter``), and each facet applies the filters of
    the other facets. Whether half of the words suffices depends on what the words match without filters;
    otherwise an additional filter could return more products.
    """
    common, own = _common_filters(query.filters), _facet_filters(query.filters)
    body: dict[str, Any] = {
        **_place(query),
        # With a cursor, one additional result shows whether there is a next page; the number of a page cannot
        # reach beyond the window of the index.
        "size": query.per_page + (1 if query.after else 0),
        "track_total_hits": True,
        "_source": _RESULT,
        "query": {"bool": {"filter": [_ACTIVE]}},
        "post_filter": {"bool": {"filter": [*common, *own.values()]}},
        "aggs": _facets(common, own, query.filters.brands),
        "sort": _ORDERS[query.order],
    }
    if query.after and query.after.seen:
        seen = {"ids": {"values": [str(each) for each in query.after.seen]}}
        body["post_filter"]["bool"]["must_not"] = [seen]
    if words:
        wanted = {"bool": _text(words, "100%" if strict else "50%")}
        body["query"]["bool"] |= {
            "should": [wanted, *_by_sku(query.sku)],
            "minimum_should_match": 1,
        }
        body["highlight"] = _highlight(words)
    return body


def _place(query: SearchQuery) -> dict[str, Any]:
    """Build where the page begins: at a number, or after a result of a snapshot."""
    walk = query.after
    if walk is None:
        return {"from": query.offset}
    place: dict[str, Any] = {"pit": {"id": walk.snapshot, "keep_alive": KEEP_ALIVE}}
    return place if walk.key is None else place | {"search_after": [walk.key, str(walk.id)]}


def suggest_body(prefix: str, limit: int) -> dict[str, Any]:
    """Build the body of a search for names with words that begin with those typed."""
    words = typed_words(prefix)
    typed = " ".join(words)
    beginnings = " ".join(word for word in words if not is_unspaced(word))
    wanted: list[dict[str, Any]] = [
        _pairs(word, ["name_pairs"]) for word in words if is_unspaced(word)
    ]
    if beginnings:
        wanted.append({"match": {"typed_name": {"query": beginnings, "operator": "and"}}})
    begins = {"constant_score": {"filter": {"prefix": {"typed_name.raw": typed}}}}
    return {
        "size": limit,
        "track_total_hits": False,
        "_source": ["id", "name", "brand", "category"],
        "query": {
            "bool": {
                "filter": [_ACTIVE],
                "should": [
                    {"bool": {"filter": wanted, "should": [begins]}},
                    *_by_sku(typed_sku(prefix)),
                ],
                "minimum_should_match": 1,
            }
        },
        "sort": [{"_score": "desc"}, {"name_length": "asc"}, {"name.raw": "asc"}, _BY_ID],
    }


def _by_sku(sku: TypedSku | None) -> list[dict[str, Any]]:
    """Build the queries of a SKU or a part of one, which needs no escaping."""
    if sku is None:
        return []
    queries: list[tuple[str, str, float]] = [("term", sku.plain, _WHOLE_SKU)]
    if sku.is_part:
        queries += [
            ("prefix", sku.plain, _SKU_BEGINNING),
            ("wildcard", f"*{sku.plain}*", _SKU_PART),
        ]
    return [
        {kind: {"plain_sku": {"value": value, "boost": boost}}} for kind, value, boost in queries
    ]


def _pairs(word: str, fields: Sequence[str]) -> dict[str, Any]:
    """Build the query of a word, or a part of one, of a script without spaces; fields may be boosted."""
    if len(word) == 1:
        beginnings = [{"prefix": {field.partition("^")[0]: word}} for field in fields]
        return {"bool": {"should": beginnings, "minimum_should_match": 1}}
    pairs = " ".join(word[start : start + 2] for start in range(len(word) - 1))
    return {"multi_match": {"query": pairs, "fields": list(fields), "type": "phrase"}}


def spelling_body(word: str) -> dict[str, Any]:
    """Build the body of a search for words similar to this one that also counts exact matches."""
    its_own = {"bool": {"filter": [_ACTIVE, {"match": {"everything": {"query": word}}}]}}
    return {
        "size": 30,
        "track_total_hits": False,
        "_source": ["name", "brand", "tags"],
        "query": {
            "bool": {
                "filter": [_ACTIVE],
                "must": [{"match": {"spelling": {"query": word, "minimum_should_match": "25%"}}}],
            }
        },
        "aggs": {"everywhere": {"global": {}, "aggs": {KNOWN: {"filter": its_own}}}},
    }


def _text(words: Sequence[str], share: str) -> dict[str, Any]:
    """Build the clauses of words: those of scripts without spaces by their pairs of letters."""
    pairs = [_pairs(word, ["name_pairs^3", "pairs"]) for word in words if is_unspaced(word)]
    spaced = " ".join(word for word in words if not is_unspaced(word))
    clauses = _spaced(spaced, share) if spaced else {"must": [], "should": []}
    if pairs:
        clauses["must"].append({"bool": {"should": pairs, "minimum_should_match": share}})
    return clauses


def _spaced(words: str, share: str) -> dict[str, list[dict[str, Any]]]:
    # Typing errors are tolerated in the query's words, not in their synonyms: "shoe" finds sneakers, and
    # "speakers" is one edit from "sneakers".
    typed = {"query": words, "fuzziness": "AUTO", "prefix_length": 1, "analyzer": "product_text"}
    return {
        "must": [
            # Selects the products: the words may occur in different fields.
            {
                "bool": {
                    "should": [
                        {"match": {"everything": kind | {"minimum_should_match": share}}}
                        for kind in ({"query": words}, typed)
                    ],
                    "boost": 0.0,
                }
            },
        ],
        "should": [
            # Scores them; words with accents of other scripts than Latin are in `everything` only.
            {
                "dis_max": {
                    "queries": [
                        {"multi_match": kind | {"fields": _FIELDS, "type": "most_fields"}}
                        for kind in ({"query": words}, typed)
                    ]
                }
            },
            {
                "multi_match": {
                    "query": words,
                    "fields": _FIELDS,
                    "type": "cross_fields",
                    "operator": "and",
                    "boost": 2.0,
                }
            },
            # Exact matches rank before fuzzy ones: otherwise a rare similar word ("case") would outweigh a
            # frequent word that was typed correctly ("cafe").
            {
                "constant_score": {
                    "filter": {"match": {"everything": {"query": words, "operator": "and"}}},
                    "boost": 20.0,
                }
            },
        ],
    }


def _highlight(words: Sequence[str]) -> dict[str, Any]:
    matching = {"query": " ".join(words), "fuzziness": "AUTO", "prefix_length": 1}

    def field(name: str, fragments: int) -> dict[str, Any]:
        return {
            "number_of_fragments": fragments,
            "fragment_size": 120,
            "highlight_query": {"match": {name: matching}},
        }

    return {
        "pre_tags": [MARK_START],
        "post_tags": [MARK_END],
        "fields": {"name": field("name", 0), "description": field("description", 2)},
    }


def _common_filters(filters: Filters) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"term": {"tags.raw": tag}} for tag in filters.tags]
    if filters.in_stock:
        found.append({"range": {"stock": {"gt": 0}}})
    return found


def _facet_filters(filters: Filters) -> dict[str, dict[str, Any]]:
    own: dict[str, dict[str, Any]] = {}
    if filters.brands:
        own["brands"] = {"terms": {"brand.raw": list(filters.brands)}}
    if filters.categories:
        own["categories"] = {"terms": {"category_path": list(filters.categories)}}
    price = {
        bound: value
        for bound, value in (("gte", filters.price_from_minor), ("lte", filters.price_to_minor))
        if value is not None
    }
    if price:
        own["price_ranges"] = {"range": {"price_minor": price}}
    return own


def _facets(
    common: list[dict[str, Any]], own: dict[str, dict[str, Any]], chosen: Sequence[str]
) -> dict[str, Any]:
    by_number = [{"_count": "desc"}, {"_key": "asc"}]
    ranges = [
        {"key": each.name, "from": each.from_minor}
        | ({} if each.below_minor is None else {"to": each.below_minor})
        for each in price_ranges()
    ]
    counted = {
        "brands": {"terms": {"field": "brand.raw", "size": BRAND_LIMIT, "order": by_number}},
        "categories": {
            "terms": {"field": "category_path", "size": _CATEGORY_LIMIT, "order": by_number}
        },
        "price_ranges": {"range": {"field": "price_minor", "ranges": ranges}},
    }
    facets: dict[str, Any] = {
        name: {
            "filter": {
                "bool": {
                    "filter": [*common, *(rule for other, rule in own.items() if other != name)]
                }
            },
            "aggs": {"counted": aggregation},
        }
        for name, aggregation in counted.items()
    }
    if chosen:
        # Selected brands are always listed, however rare.
        terms = {"field": "brand.raw", "include": list(chosen), "size": len(chosen)}
        facets["brands"]["aggs"]["chosen"] = {"terms": terms}
    return facets | {MATCHED: {"filter": {"match_all": {}}}}
