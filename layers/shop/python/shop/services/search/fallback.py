"""A search engine that falls back to another on any failure."""

import logging
from collections.abc import Callable
from typing import Final, override

from msgspec.structs import replace

from shop.domain.errors import DependencyUnavailable, InvalidRequest, QueryRefused
from shop.domain.search import SearchQuery, Walk
from shop.domain.search_results import SearchPage, Suggestions
from shop.observability import metric
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.search.ports import SearchEngine

_log = logging.getLogger(__name__)

OPEN_SECONDS: Final = 5.0


class FallbackSearchEngine(SearchEngine):
    """Uses the chosen engine, or the fallback if the chosen one fails.

    Parameters
    ----------
    chosen, stand_in : SearchEngine
        Answers of `stand_in` are marked as degraded.
    breaker : CircuitBreaker
        Opens if `chosen` is unavailable or broken, so that only the first search waits for its time-out. A
        query that `chosen` rejects does not open it.
    """

    def __init__(
        self, chosen: SearchEngine, stand_in: SearchEngine, breaker: CircuitBreaker
    ) -> None:
        self._chosen = chosen
        self._stand_in = stand_in
        self._breaker = breaker

    @property
    @override
    def name(self) -> str:
        return self._chosen.name

    @override
    def search(self, query: SearchQuery) -> SearchPage:
        if query.after:
            return self._continue(query, query.after)
        page = self._ask(lambda: self._chosen.search(query))
        return page or replace(self._stand_in.search(query), degraded=True)

    @override
    def suggest(self, prefix: str, limit: int) -> Suggestions:
        found = self._ask(lambda: self._chosen.suggest(prefix, limit))
        return found or replace(self._stand_in.suggest(prefix, limit), degraded=True)

    def _continue(self, query: SearchQuery, walk: Walk) -> SearchPage:
        """Have the engine continue that gave the earlier page: the other one has another order."""
        if walk.engine == self._stand_in.name:
            return replace(self._stand_in.search(query), degraded=True)
        page = self._ask(lambda: self._chosen.search(query))
        if page is None:
            raise DependencyUnavailable(
                self._chosen.name, "The search engine of the earlier pages is unavailable."
            )
        return page

    def _ask[Answer](self, call: Callable[[], Answer]) -> Answer | None:
        if not self._breaker.allows():
            return None
        try:
            answer = call()
        except DependencyUnavailable as unavailable:
            self._breaker.failed()
            _log.warning("search engine unavailable", extra={"detail": unavailable.detail})
        except InvalidRequest:
            self._breaker.succeeded()
            raise
        except QueryRefused:
            self._breaker.succeeded()
            _log.exception("search engine does not take a query")
        except Exception:  # noqa: BLE001 - an expired password, a proxy's page: we can serve all the same
            self._breaker.failed()
            _log.exception("search engine is broken")
        else:
            self._breaker.succeeded()
            return answer
        metric("SearchFallbacks")
        return None
