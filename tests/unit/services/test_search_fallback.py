"""The circuit breaker, and the fallback engine."""

from uuid import UUID

import pytest

from shop.domain.errors import DependencyUnavailable, InvalidRequest, QueryRefused
from shop.domain.search import SearchQuery, Walk
from shop.domain.search_results import Facets, SearchPage, Suggestions
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.search.fallback import FallbackSearchEngine


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Engine:
    def __init__(self, name: str) -> None:
        self.name, self.calls = name, 0
        self.fault: Exception | None = None

    def search(self, query: SearchQuery) -> SearchPage:
        self._answer()
        return SearchPage(results=(), total=0, facets=Facets(), engine=self.name)

    def suggest(self, prefix: str, limit: int) -> Suggestions:
        self._answer()
        return Suggestions(suggestions=(), engine=self.name)

    def _answer(self) -> None:
        self.calls += 1
        if self.fault:
            raise self.fault


def test_the_circuit_breaker() -> None:
    clock = Clock()
    breaker = CircuitBreaker(5.0, clock)
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += 5
    assert breaker.allows()  # the trial
    assert not breaker.allows()  # nobody else meanwhile
    breaker.failed()
    clock.now += 4.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()


def test_the_stand_in_answers_while_the_chosen_engine_is_unavailable() -> None:
    clock, chosen, stand_in = Clock(), Engine("opensearch"), Engine("postgresql")
    engine = FallbackSearchEngine(chosen, stand_in, CircuitBreaker(5.0, clock))

    def answered() -> tuple[str, bool]:
        page = engine.search(SearchQuery())
        return page.engine, page.degraded

    assert answered() == ("opensearch", False)
    chosen.fault = DependencyUnavailable("opensearch")
    assert [answered() for _ in range(3)] == [("postgresql", True)] * 3
    assert chosen.calls == 2  # once well, once in vain
    suggested = engine.suggest("a", 5)
    assert (suggested.engine, suggested.degraded) == ("postgresql", True)
    chosen.fault = None
    clock.now += 5
    assert answered() == ("opensearch", False)
    assert engine.suggest("a", 5).engine == "opensearch"


def test_the_stand_in_answers_where_the_chosen_engine_is_broken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen, stand_in = Engine("opensearch"), Engine("postgresql")
    engine = FallbackSearchEngine(chosen, stand_in, CircuitBreaker(5.0, Clock()))
    chosen.fault = KeyError("aggregations")
    for _ in range(2):
        page = engine.search(SearchQuery())
        assert (page.engine, page.degraded) == ("postgresql", True)
    assert chosen.calls == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_rejected_query_does_not_open_the_circuit_breaker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, chosen = Clock(), Engine("opensearch")
    engine = FallbackSearchEngine(chosen, Engine("postgresql"), CircuitBreaker(5.0, clock))
    chosen.fault = QueryRefused("too many clauses")
    assert engine.search(SearchQuery()).engine == "postgresql"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    chosen.fault = None
    assert engine.search(SearchQuery()).engine == "opensearch"


def test_a_walk_is_continued_by_the_engine_that_began_it() -> None:
    chosen, stand_in = Engine("opensearch"), Engine("postgresql")
    engine = FallbackSearchEngine(chosen, stand_in, CircuitBreaker(5.0, Clock()))

    def ask(name: str) -> SearchPage:
        walk = Walk(name, "0", strict=True, key=1, id=UUID(int=0))
        return engine.search(SearchQuery(after=walk))

    page = ask("postgresql")
    assert (page.engine, page.degraded, chosen.calls) == ("postgresql", True, 0)
    assert ask("opensearch").engine == "opensearch"
    chosen.fault = DependencyUnavailable("opensearch")
    with pytest.raises(DependencyUnavailable):
        ask("opensearch")
    assert stand_in.calls == 1


def test_a_cursor_that_is_refused_is_no_outage() -> None:
    chosen = Engine("opensearch")
    engine = FallbackSearchEngine(chosen, Engine("postgresql"), CircuitBreaker(5.0, Clock()))
    chosen.fault = InvalidRequest.field("cursor", "is of another engine")
    walk = Walk("opensearch", "0", strict=True, key=1, id=UUID(int=0))
    with pytest.raises(InvalidRequest):
        engine.search(SearchQuery(after=walk))
    chosen.fault = None
    assert engine.search(SearchQuery()).engine == "opensearch"
