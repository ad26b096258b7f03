"""The bounded cache of one process."""

from hypothesis import given
from hypothesis import strategies as st

from shop.adapters.redis.local_cache import LocalCache


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_values_expire() -> None:
    clock = _Clock()
    cache: LocalCache[str] = LocalCache(10, clock)
    cache.put("a", "1", 300)
    clock.now = 299.9
    assert cache.get("a") == "1"
    clock.now = 300.0
    assert cache.get("a") is None
    assert len(cache) == 0


def test_the_least_recently_used_value_is_evicted() -> None:
    cache: LocalCache[str] = LocalCache(2)
    cache.put("a", "1", 60)
    cache.put("b", "2", 60)
    cache.get("a")
    cache.put("c", "3", 60)

    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("1", None, "3")


def test_discard_and_clear() -> None:
    cache: LocalCache[str] = LocalCache(5)
    cache.put("a", "1", 60)
    cache.put("b", "2", 60)
    cache.discard("a")
    cache.discard("unknown")
    assert (cache.get("a"), cache.get("b")) == (None, "2")
    cache.clear()
    assert cache.get("b") is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=100))
def test_never_larger_than_its_bound_and_never_wrong(steps: list[tuple[int, int]]) -> None:
    cache: LocalCache[int] = LocalCache(5)
    last: dict[str, int] = {}
    for number, kind in steps:
        name = f"k{number}"
        if kind:
            cache.put(name, kind, 60)
            last[name] = kind
        else:
            assert cache.get(name) in {None, last.get(name)}
        assert len(cache) <= 5
