"""The circuit breaker, and the engine that stands in."""

from shop.domain.errors import DependencyUnavailable
from shop.domain.search import SearchQuery
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.ports.search import Facets, SearchPage, Suggestions
from shop.services.search_fallback import FallbackSearchEngine


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Engine:
    def __init__(self, name: str) -> None:
        self.name, self.away, self.calls = name, False, 0

    def search(self, query: SearchQuery) -> SearchPage:
        self._answer()
        return SearchPage(results=(), total=0, facets=Facets(), engine=self.name)

    def suggest(self, prefix: str, limit: int) -> Suggestions:
        self._answer()
        return Suggestions(suggestions=(), engine=self.name)

    def _answer(self) -> None:
        self.calls += 1
        if self.away:
            raise DependencyUnavailable(self.name)


def test_the_breaker() -> None:
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


def test_the_stand_in_answers_while_the_chosen_engine_is_away() -> None:
    clock, chosen, stand_in = Clock(), Engine("opensearch"), Engine("postgresql")
    engine = FallbackSearchEngine(chosen, stand_in, CircuitBreaker(5.0, clock))

    def answered() -> tuple[str, bool]:
        page = engine.search(SearchQuery())
        return page.engine, page.degraded

    assert answered() == ("opensearch", False)
    chosen.away = True
    assert [answered() for _ in range(3)] == [("postgresql", True)] * 3
    assert chosen.calls == 2  # once well, once in vain
    suggested = engine.suggest("a", 5)
    assert (suggested.engine, suggested.degraded) == ("postgresql", True)
    chosen.away = False
    clock.now += 5
    assert answered() == ("opensearch", False)
    assert engine.suggest("a", 5).engine == "opensearch"
