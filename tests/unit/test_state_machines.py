"""statemachines/*.asl.json: sound, and in step with the template."""

import json
import re
from typing import Any

import pytest

from tests.support.machines import definition
from tests.support.proxy_events import template

MACHINES = {"place_order": "PlaceOrder", "fulfil_order": "FulfilOrder"}
CASES = [
    (machine, name, state)
    for machine in MACHINES
    for name, state in definition(machine)["States"].items()
]
TASKS = [case for case in CASES if case[2]["Type"] == "Task"]
IDS = [f"{machine}.{name}" for machine, name, _ in CASES]
TASK_IDS = [f"{machine}.{name}" for machine, name, _ in TASKS]


def targets(state: dict[str, Any]) -> set[str]:
    found = [state.get("Next"), state.get("Default")]
    found += [choice["Next"] for choice in state.get("Choices", ())]
    found += [catcher["Next"] for catcher in state.get("Catch", ())]
    return {name for name in found if name}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_substitution_is_given_and_every_one_given_is_used(machine: str) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition(machine))))
    properties = template()["Resources"][MACHINES[machine]]["Properties"]
    assert properties["DefinitionUri"] == f"../statemachines/{machine}.asl.json"
    assert used == set(properties["DefinitionSubstitutions"])


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_is_reached_and_every_path_can_end(machine: str) -> None:
    loaded = definition(machine)
    states = loaded["States"]
    reached, waiting = set(), [loaded["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += targets(states[name])
    assert reached == set(states)
    ending = {name for name, state in states.items() if state["Type"] in {"Succeed", "Fail"}}
    while more := {name for name in states if targets(states[name]) & ending} - ending:
        ending |= more
    assert ending == set(states)


@pytest.mark.parametrize(("machine", "name", "state"), CASES, ids=IDS)
def test_every_state_says_what_it_is_for(machine: str, name: str, state: dict[str, Any]) -> None:
    assert len(state["Comment"]) > 10


@pytest.mark.parametrize(("machine", "name", "state"), TASKS, ids=TASK_IDS)
def test_every_task_is_repeated_on_trouble_and_ends_in_time(
    machine: str, name: str, state: dict[str, Any]
) -> None:
    assert "TimeoutSeconds" in state or "TimeoutSecondsPath" in state
    errors = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
    assert {"Lambda.TooManyRequestsException", "DependencyUnavailable"} <= errors or (
        errors & {"States.TaskFailed", "States.ALL"}
    )
    if machine == "fulfil_order" and not state.get("Catch"):
        # Also a function that runs out of time or memory: nobody else looks at a paid order without stock.
        assert "States.ALL" in errors
    for retry in state["Retry"]:
        assert retry["MaxAttempts"] <= 8
        assert retry.get("BackoffRate", 2) >= 2


@pytest.mark.parametrize(("machine", "name", "state"), TASKS, ids=TASK_IDS)
def test_what_holds_stock_or_waits_has_a_way_out(
    machine: str, name: str, state: dict[str, Any]
) -> None:
    if name == "HoldStock" or "waitForTaskToken" in state["Resource"]:
        assert state["Catch"]


def test_place_order_ends_before_the_function_that_waits_for_it() -> None:
    assert definition("place_order")["TimeoutSeconds"] <= 25
    assert template()["Globals"]["Function"]["Timeout"] == 28


def test_the_loops_are_bounded() -> None:
    states = definition("fulfil_order")["States"]
    loop = next(choice for choice in states["DecideUnpaid"]["Choices"] if "And" in choice)
    assert {"Variable": "$.rounds", "NumericLessThan": 96} in loop["And"]
    for name in ("DecideUnpaid", "DecideUnconfirmed"):
        assert states[name]["Default"] == "Undecided"


def test_no_jsonata() -> None:
    for machine in MACHINES:
        assert "QueryLanguage" not in json.dumps(definition(machine))
