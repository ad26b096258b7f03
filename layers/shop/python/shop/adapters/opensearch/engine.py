"""The search engine on OpenSearch."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, override
from uuid import UUID

from msgspec.structs import replace
from opensearchpy.exceptions import NotFoundError, RequestError

from shop.adapters.opensearch.client import availability, connect
from shop.adapters.opensearch.index import IndexNames
from shop.adapters.opensearch.query import (
    KEEP_ALIVE,
    KNOWN,
    MATCHED,
    search_body,
    spelling_body,
    suggest_body,
)
from shop.domain.cursors import foreign_cursor
from shop.domain.errors import QueryRefused
from shop.domain.scripts import is_unspaced
from shop.domain.search import SearchQuery, Walk, did_you_mean, words_of
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

    @property
    @override
    def name(self) -> str:
        return ENGINE

    @override
    def search(self, query: SearchQuery) -> SearchPage:
        words, walk = query.words, query.after
        if walk is not None:
            if walk.engine != ENGINE:
                raise foreign_cursor()
            strict = walk.strict
            query, answer = self._continue(query, walk)
        else:
            strict = True
            answer = self._ask(search_body(query, words, strict=True))
            if len(words) > 1 and _matched(answer) < _ENOUGH:
                strict = False
                answer = self._ask(search_body(query, words, strict=False))
        total: int = answer["hits"]["total"]["value"]
        if query.after:
            total += len(query.after.seen)
        hits = answer["hits"]["hits"]
        return SearchPage(
            results=[_found(hit) for hit in hits[: query.per_page]],
            total=total,
            facets=_facets(answer["aggregations"]),
            engine=ENGINE,
            # Words that match products outside the filters are spelt correctly.
            did_you_mean=self._better(words) if words and not _matched(answer) else None,
            following=_following(query, hits, total, strict=strict),
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

    def _continue(self, query: SearchQuery, walk: Walk) -> tuple[SearchQuery, Any]:
        """Search a snapshot of the index, so that writes neither repeat nor hide a result.

        The first page is not of a snapshot, because few clients ask for a second one: its results are left
        out of the snapshot that the second page makes. A snapshot that nobody has used for long is replaced.
        """
        if walk.snapshot:
            try:
                return query, self._ask(
                    search_body(query, query.words, strict=walk.strict), pit=True
                )
            except SnapshotExpired:
                pass
        with availability():
            made = self._client.create_pit(index=self._alias, params={"keep_alive": KEEP_ALIVE})
        query = replace(query, after=replace(walk, snapshot=made["pit_id"]))
        return query, self._ask(search_body(query, query.words, strict=walk.strict), pit=True)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _better(self, words: Sequence[str]) -> str | None:
        similar = {}
        for word in dict.fromkeys(word for word in words if not is_unspaced(word)):
            answer = self._ask(spelling_body(word))
            if not answer["aggregations"]["everywhere"][KNOWN]["doc_count"]:
                sources = (hit["_source"] for hit in answer["hits"]["hits"])
                similar[word] = sorted({each for source in sources for each in _words_in(source)})
        return did_you_mean(words, similar)

    def _ask(self, body: dict[str, Any], *, pit: bool = False) -> Any:
        with availability():
            try:
                return self._client.search(index=None if pit else self._alias, body=body)
            except NotFoundError as error:
                if pit:
                    raise SnapshotExpired from error
                raise
            except RequestError as error:
                if pit:
                    raise foreign_cursor() from error
                raise QueryRefused(f"opensearch: {error.error}") from error


class SnapshotExpired(Exception):
    """OpenSearch no longer has the snapshot of a walk."""


def _following(query: SearchQuery, hits: Sequence[Any], total: int, *, strict: bool) -> Walk | None:
    """Return the place after a page; None if it is the last one."""
    if not hits:
        return None
    if query.after is None and total <= query.offset + len(hits):
        return None
    if query.after is not None and len(hits) <= query.per_page:
        return None
    last = hits[query.per_page - 1]
    place = Walk(ENGINE, query.listing, strict, last["sort"][0], UUID(last["_source"]["id"]))
    if query.after:
        return replace(place, snapshot=query.after.snapshot, seen=query.after.seen)
    if query.page > 1:
        return place
    seen = tuple(UUID(hit["_source"]["id"]) for hit in hits[: query.per_page])
    return replace(place, key=None, seen=seen)


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
