"""Crash points: a process that crashes before or after any single call of a port."""

from typing import Any


class Crashed(BaseException):
    """The process has crashed. Not an `Exception`, so that no handler can catch it and clean up."""


class CrashPoints:
    """Counts the calls that go through it, and crashes at one of them.

    Every call has two points: just before it, and just after it (its effect has happened, its result is
    lost). A transaction has them around its commit.

    Parameters
    ----------
    at : int or None
        Number of the point at which to crash; None: never.
    """

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed = 0
        self.where = ""

    def point(self, name: str) -> None:
        """Pass a point, or crash."""
        self.passed += 1
        if self.passed == self.at:
            self.where = name
            raise Crashed(name)

    def provider(self, provider: Any) -> Any:
        """Wrap the payment provider."""
        return _Watched(provider, self, "provider")

    def unit_of_work(self, open_unit_of_work: Any) -> Any:
        """Wrap what opens transactions."""
        return lambda **options: _WatchedWork(open_unit_of_work(**options), self)


class _Watched:
    def __init__(self, wrapped: Any, points: CrashPoints, name: str) -> None:
        self._wrapped = wrapped
        self._points = points
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._wrapped, attribute)
        if not callable(found):
            return found
        name = f"{self._name}.{attribute}"

        def call(*arguments: Any, **options: Any) -> Any:
            self._points.point(f"before {name}")
            result = found(*arguments, **options)
            self._points.point(f"after {name}")
            return result

        return call


class _WatchedWork:
    """A unit of work whose process may crash before its commit (rolled back) or after it."""

    def __init__(self, work: Any, points: CrashPoints) -> None:
        self._work = work
        self._points = points

    def __enter__(self) -> Any:
        self._points.point("before begin")
        self._work.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if kind is None:
            try:
                self._points.point("before commit")
            except Crashed as crashed:
                self._work.__exit__(Crashed, crashed, crashed.__traceback__)
                raise
        result = self._work.__exit__(kind, error, traceback)
        if kind is None:
            self._points.point("after commit")
        return result

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._work, attribute)
        if attribute in {"payments", "orders", "inventory", "refunds"}:
            return _Watched(found, self._points, attribute)
        return found
