"""The number of Lambda processes is limited, and waiting calls are served."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest

from shop_localstack.slots import NoRoomError, Slots
from tests.integration.localstack.conftest import Deployed
from tests.support.at_once import at_once
from tests.support.processes import command_line, runs
from tests.support.waiting import eventually


def lambdas(stack: Deployed) -> int:
    """Number of Lambda processes of this LocalStack."""
    return sum(
        "awslambdaric" in " ".join(command_line(child))
        for child in psutil.Process(stack.aws.process.pid).children()
        if runs(child)
    )


def wait_in_line(slots: Slots[str], function: str, number: int) -> None:
    """Wait until as many calls of a function wait for an environment."""
    eventually(
        lambda: len(slots._functions[function].line),
        what=f"{number} in line",
        until=lambda waiting: waiting == number,
        pause=0.001,
    )


def test_a_burst_is_served_by_few_processes_and_none_is_refused(stack: Deployed) -> None:
    highest = 0

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.05):
            highest = max(highest, lambdas(stack))

    done = threading.Event()
    watcher = threading.Thread(target=watch)
    watcher.start()
    answers = at_once([partial(stack.invoke, "t-inner", {"n": n}) for n in range(200)])
    done.set()
    watcher.join()
    assert [answer["Payload"]["n"] for answer in answers] == list(range(200))
    assert highest <= 8


def test_calls_that_wait_for_calls_do_not_starve_them(stack: Deployed) -> None:
    answers = at_once(
        [partial(stack.invoke, "t-outer", {"n": n, "seconds": 0.02}) for n in range(30)]
    )
    assert Counter(answer["Payload"]["status"] for answer in answers) == {"SUCCEEDED": 30}
    assert sorted(answer["Payload"]["output"]["n"] for answer in answers) == list(range(30))


def test_a_function_stays_below_its_share() -> None:
    slots = Slots[str](max_total=10, max_per_function=2)
    slots.acquire("f", 0)
    slots.acquire("f", 0)
    with pytest.raises(NoRoomError):
        slots.acquire("f", 0.01)


def test_a_released_environment_goes_to_the_first_waiting_call() -> None:
    slots = Slots[str](max_total=1, max_per_function=1)
    slots.acquire("f", 0)
    order: list[int] = []

    def call(number: int) -> None:
        ticket = slots.acquire("f", 60)
        order.append(number)
        slots.release("f", ticket.environment or "new")

    callers = []
    for number in range(5):
        callers.append(threading.Thread(target=call, args=(number,)))
        callers[-1].start()
        wait_in_line(slots, "f", number + 1)
    slots.release("f", "env")
    for caller in callers:
        caller.join()
    assert order == list(range(5))
    assert slots.total == 1


def test_the_environment_idle_for_longest_is_evicted() -> None:
    slots = Slots[str](max_total=2, max_per_function=2)
    for function in ("old", "young"):
        slots.acquire(function, 0)
    slots.release("old", "old env")
    slots.release("young", "young env")
    assert slots.acquire("new", 0).evicted == ["old env"]
    assert slots.total == 2


def test_every_function_has_at_least_one_whatever_the_total() -> None:
    slots = Slots[str](max_total=2, max_per_function=2)
    slots.acquire("outer", 0)
    slots.acquire("outer", 0)
    slots.acquire("inner", 0)  # the outer calls wait for it
    with pytest.raises(NoRoomError):
        slots.acquire("inner", 0.01)


def test_a_lost_environment_frees_its_place_for_waiting_calls() -> None:
    slots = Slots[str](max_total=1, max_per_function=1)
    slots.acquire("f", 0)
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(slots.acquire, "f", 60)
        wait_in_line(slots, "f", 1)
        slots.lost("f")
        assert waiting.result().environment is None
    assert slots.total == 1


def test_idle_environments_end_after_a_while() -> None:
    slots = Slots[str](max_total=2, max_per_function=2)
    slots.acquire("f", 0)
    slots.release("f", "env")
    assert slots.expired(60) == []
    time.sleep(0.02)
    assert slots.expired(0.01) == ["env"]
    assert slots.total == 0


def test_a_closed_function_keeps_nothing() -> None:
    slots = Slots[str](max_total=4, max_per_function=4)
    for _ in range(2):
        slots.acquire("f", 0)
    slots.release("f", "idle")
    assert slots.close("f") == ["idle"]
    assert not slots.release("f", "running")
    assert slots.total == 0


def test_calls_waiting_for_a_closed_function_are_served() -> None:
    slots = Slots[str](max_total=1, max_per_function=1)
    slots.acquire("f", 0)
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(slots.acquire, "f", 60)
        wait_in_line(slots, "f", 1)
        assert slots.close("f") == []
        assert not slots.release("f", "running")
        assert waiting.result(timeout=30).environment is None
    assert not slots.release("f", "of the call in line")
    assert slots.total == 0


def test_an_environment_released_by_a_closed_function_frees_its_place() -> None:
    slots = Slots[str](max_total=2, max_per_function=2)
    for function in ("closed", "other"):
        slots.acquire(function, 0)
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(slots.acquire, "other", 60)
        wait_in_line(slots, "other", 1)
        slots.close("closed")
        assert not slots.release("closed", "running")
        waiting.result(timeout=30)
    assert slots.total == 2
