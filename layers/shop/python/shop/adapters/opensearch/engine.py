"""The search engine on OpenSearch."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, override
from uuid import UUID

from opensearchpy.exceptions import RequestError

from shop.adapters.opensearch.client import availability, connect
from shop.adapters.opensearch.index import IndexNames
from shop.adapters.opensearch.query import KNOWN, MATCHED, search_body, spelling_body, suggest_body
from shop.domain.errors import QueryRefused
from shop.domain.search import SearchQuery, did_you_mean, words_of
from shop.domain.search_results import Facets, Found, SearchPage, Suggestion, Suggestions
from shop.services.search.ports import SearchEngine

ENGINE: Final = "opensearch"
#: If fewer products match all words, products that match half of them are returned too.
_ENOUGH: Final = 20


class OpenSearchEngine(SearchEngine):
    """The search engine on OpenSearch.

    Parameters
    ----------
    url : str
        ``http[s]://[user:password@]host:port``.
    names : IndexNames, optional
        Names of the index and its aliases.
    timeout_seconds : float
        A node that takes longer counts as unavailable.
    """

    def __init__(
        self, url: str, names: IndexNames | None = None, *, timeout_seconds: float = 10.0
    ) -> None:
        self._client = connect(url, timeout_seconds)
        self._alias = (names or IndexNames()).alias

    @override
    def search(self, query: SearchQuery) -> SearchPage:
        words = query.words
        answer = self._ask(search_body(query, " ".join(words), strict=True))
        if len(words) > 1 and _matched(answer) < _ENOUGH:
            answer = self._ask(search_body(query, " ".join(words), strict=False))
        total: int = answer["hits"]["total"]["value"]
        return SearchPage(
            results=[_found(hit) for hit in answer["hits"]["hits"]],
            total=total,
            facets=_facets(answer["aggregations"]),
            engine=ENGINE,
            # Words that match products outside the filters are spelt correctly.
            did_you_mean=self._better(words) if words and not _matched(answer) else None,
        )

    @override
    def suggest(self, prefix: str, limit: int) -> Suggestions:
        if not words_of(prefix):
            return Suggestions(suggestions=(), engine=ENGINE)
        hits = self._ask(suggest_body(prefix, limit))["hits"]["hits"]
        sources = (hit["_source"] for hit in hits)
        return Suggestions(
            suggestions=[
                Suggestion(UUID(each["id"]), each["name"], each["brand"], each["category"])
                for each in sources
            ],
            engine=ENGINE,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _better(self, words: Sequence[str]) -> str | None:
        similar = {}
        for word in dict.fromkeys(words):
            answer = self._ask(spelling_body(word))
            if not answer["aggregations"]["everywhere"][KNOWN]["doc_count"]:
                sources = (hit["_source"] for hit in answer["hits"]["hits"])
                similar[word] = sorted({each for source in sources for each in _words_in(source)})
        return did_you_mean(words, similar)

    def _ask(self, body: dict[str, Any]) -> Any:
        with availability():
            try:
                return self._client.search(index=self._alias, body=body)
            except RequestError as error:
                raise QueryRefused(f"opensearch: {error.error}") from error


def _matched(answer: Mapping[str, Any]) -> int:
    count: int = answer["aggregations"][MATCHED]["doc_count"]
    return count


def _words_in(source: Mapping[str, Any]) -> tuple[str, ...]:
    text = (source["name"], source["brand"], *source["tags"])
    return tuple(word for part in text for word in words_of(part))


def _facets(answer: Mapping[str, Any]) -> Facets:
    def counted(name: str, which: str = "counted") -> dict[str, int]:
        return {each["key"]: each["doc_count"] for each in answer[name][which]["buckets"]}

    brands = counted("brands")
    if "chosen" in answer["brands"]:
        brands |= counted("brands", "chosen")
    brands.pop("", None)
    return Facets(brands, counted("price_ranges"), counted("categories"))


def _found(hit: Mapping[str, Any]) -> Found:
    source, marked = hit["_source"], hit.get("highlight", {})
    return Found(
        product_id=UUID(source["id"]),
        name=source["name"],
        description=source["description"],
        brand=source["brand"],
        price_minor=source["price_minor"],
        currency=source["currency"],
        stock=source["stock"],
        image_url=source["image_url"],
        category=source["category"],
        name_marked=next(iter(marked.get("name", ())), None),
        description_marked=" … ".join(marked["description"]) if "description" in marked else None,
    )
