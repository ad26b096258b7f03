"""statemachines/*.asl.json: sound, and in step with the template."""

import json
import re
from typing import Any, get_args

import pytest

from shop.contracts.tasks import RejectOrder
from shop.domain.errors import PaymentOutcomeUnknown
from tests.support.machines import definition
from tests.support.proxy_events import template

MACHINES = {"checkout": "Checkout"}
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
def test_every_task_is_retried_on_failure_and_ends_in_time(
    machine: str, name: str, state: dict[str, Any]
) -> None:
    assert state["TimeoutSeconds"] < definition(machine)["TimeoutSeconds"]
    errors = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
    assert {"Lambda.TooManyRequestsException", "DependencyUnavailable"} <= errors
    for retry in state["Retry"]:
        assert retry["MaxAttempts"] <= 2
        assert retry.get("BackoffRate", 2) >= 2


def test_every_refusal_of_a_step_is_compensated() -> None:
    states = definition("checkout")["States"]
    caught = {
        name: {
            error: catcher["Next"]
            for catcher in state.get("Catch", ())
            for error in catcher["ErrorEquals"]
        }
        for name, state in states.items()
    }
    assert caught["HoldStock"] == {"InsufficientStock": "RejectOrder", "Conflict": "RejectOrder"}
    assert caught["ChargeOrder"] == {
        "InvalidRequest": "RejectOrder",
        "Conflict": "RejectOrder",
        # Recorded with its compensation, in one transaction, by the charge itself.
        "PaymentDeclined": "Rejected",
        # Neither refused nor charged, as far as anybody knows: never compensated here.
        "States.Timeout": "OutcomeUnknown",
        "Lambda.Unknown": "OutcomeUnknown",
        "Sandbox.Timedout": "OutcomeUnknown",
    }
    assert states["RejectOrder"]["Next"] == "Rejected"
    assert states["OutcomeUnknown"]["Error"] == PaymentOutcomeUnknown.__name__
    reasons = get_args(RejectOrder.__annotations__["error"])
    assert set(reasons) == {
        error
        for catches in caught.values()
        for error, target in catches.items()
        if target == "RejectOrder"
    }


def test_checkout_ends_before_the_function_that_waits_for_it() -> None:
    assert definition("checkout")["TimeoutSeconds"] <= 25
    assert template()["Globals"]["Function"]["Timeout"] == 28


def test_no_jsonata() -> None:
    for machine in MACHINES:
        assert "QueryLanguage" not in json.dumps(definition(machine))
