"""Cached answers while the search index is unavailable."""

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.services.search.indexing import Refresh


class World:
    def __init__(self) -> None:
        self.index_unavailable = self.cache_unavailable = False
        self.drops = 0
        self.refresh = Refresh()

    def run(self, *events: str) -> None:
        self.refresh.run(events, self._write, self._drop)

    def fail(self, *events: str) -> None:
        with pytest.raises(DependencyUnavailable):
            self.run(*events)

    def _write(self) -> None:
        if self.index_unavailable:
            raise DependencyUnavailable("opensearch")

    def _drop(self) -> None:
        if self.cache_unavailable:
            raise DependencyUnavailable("redis")
        self.drops += 1


def test_cached_answers_are_dropped_at_the_first_failure_and_at_the_end() -> None:
    world = World()
    world.index_unavailable = True
    for _ in range(3):
        world.fail("a", "b")
    assert world.drops == 1
    world.fail("c")
    assert world.drops == 2
    world.index_unavailable = False
    world.run("c")
    assert world.drops == 3
    world.run("c")
    assert world.drops == 4


def test_answers_that_could_not_be_dropped_are_dropped_at_the_next_failure() -> None:
    world = World()
    world.index_unavailable = world.cache_unavailable = True
    world.fail("a")
    assert world.drops == 0
    world.cache_unavailable = False
    world.fail("a")
    world.fail("a")
    assert world.drops == 1
