"""Real threads that begin together."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def in_threads[T](actions: Sequence[Callable[[], T]]) -> list[T]:
    """Run each action in a thread of its own, all at once; return their results or raise their error."""
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T:
        together.wait(30)
        return action()

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return [task.result() for task in [pool.submit(run, action) for action in actions]]
