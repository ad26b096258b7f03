"""Running things at once, in threads that begin together."""

import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence


def outcomes_at_once[T](
    actions: Sequence[Callable[[], T]], *, seconds: float = 120
) -> list[T | BaseException]:
    """Run each action in a thread of its own; return what it returns or raises, in their order.

    Parameters
    ----------
    seconds : float
        How long they may take together.

    Raises
    ------
    AssertionError
        Some have not ended in time; it names them, and the lines they are at.
    """
    together = threading.Barrier(len(actions))
    outcomes: dict[int, T | BaseException] = {}

    def run(number: int, action: Callable[[], T]) -> None:
        try:
            together.wait(seconds)
            outcomes[number] = action()
        except BaseException as error:  # noqa: BLE001  # for the caller to judge
            outcomes[number] = error

    threads = [
        threading.Thread(
            target=run, args=(number, action), name=f"{number}: {_name(action)}", daemon=True
        )
        for number, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if hanging := [thread for thread in threads if thread.is_alive()]:
        places = "\n".join(_place(thread) for thread in hanging)
        raise AssertionError(f"{len(hanging)} not ended within {seconds:g} s:\n{places}")
    return [outcomes[number] for number in range(len(actions))]


def at_once[T](actions: Sequence[Callable[[], T]], *, seconds: float = 120) -> list[T]:
    """Run each action as `outcomes_at_once` does; return the results, or raise the first error."""
    results: list[T] = []
    for outcome in outcomes_at_once(actions, seconds=seconds):
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results


def _name(action: Callable[[], object]) -> str:
    return str(getattr(getattr(action, "func", action), "__qualname__", action))


def _place(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    lines = traceback.format_stack(frame)[-3:] if frame else []
    return f"{thread.name}\n{''.join(lines)}"
