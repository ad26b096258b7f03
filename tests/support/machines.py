"""Run statemachines/*.asl.json in process: enough of the States Language for ours, without its clock.

Tasks are the functions of the template, called through a `Gateway`. ``Retry`` is not carried out; what a
task raises is caught by ``Catch`` or ends the execution, under the names that Step Functions would use.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shop_local.paths import CHECKOUT
from tests.support.gateway import Gateway
from tests.support.proxy_events import template


def definition(name: str) -> dict[str, Any]:
    """Read a state machine."""
    loaded: dict[str, Any] = json.loads((CHECKOUT / f"statemachines/{name}.asl.json").read_text())
    return loaded


def functions_of(machine: str) -> dict[str, str]:
    """Return ``<service>/<function>`` by name of the substitution, for the lambdas of a machine."""
    resources = template()["Resources"]
    found = {}
    for substitution, target in resources[machine]["Properties"]["DefinitionSubstitutions"].items():
        resource = resources[target.removesuffix(".Alias")]
        if resource["Type"] == "AWS::Serverless::Function":
            uri = resource["Properties"]["CodeUri"]
            found[substitution] = uri.removeprefix("../functions/").strip("/")
    return found


class TaskFailed(Exception):
    """A task has failed, or the execution has."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


@dataclass
class Machine:
    """One state machine.

    Attributes
    ----------
    path : list of str
        The states that were entered.
    calls : list of str
        The functions that were called.
    """

    gateway: Gateway
    name: str
    logical_id: str
    path: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def run(self, data: Any) -> Any:
        """Run an execution and give its output; raises `TaskFailed` if it fails."""
        machine = definition(self.name)
        functions = functions_of(self.logical_id)
        data = json.loads(json.dumps(data))
        state_name: str | None = machine["StartAt"]
        while state_name is not None:
            self.path.append(state_name)
            assert len(self.path) < 500, "the machine does not end"
            state = machine["States"][state_name]
            state_name, data = self._step(state, data, functions)
        return data

    def _step(
        self, state: dict[str, Any], data: Any, functions: Mapping[str, str]
    ) -> tuple[str | None, Any]:
        match state["Type"]:
            case "Task":
                try:
                    result = self._task(state, data, functions)
                except TaskFailed as failed:
                    return _caught(state, data, failed)
                return state["Next"], _put(data, state.get("ResultPath", "$"), result)
            case "Choice":
                for choice in state["Choices"]:
                    if _holds(choice, data):
                        return choice["Next"], data
                return state["Default"], data
            case "Succeed":
                return None, _look(state.get("OutputPath", "$"), data)
            case "Fail":
                error = _look(state["ErrorPath"], data) if "ErrorPath" in state else state["Error"]
                cause = _look(state["CausePath"], data) if "CausePath" in state else state["Cause"]
                raise TaskFailed(error, cause)
        raise AssertionError(f"unknown type {state['Type']}")

    def _task(self, state: dict[str, Any], data: Any, functions: Mapping[str, str]) -> Any:
        resource, parameters = state["Resource"], state.get("Parameters")
        given = data if parameters is None else resolve(parameters, data)
        return self._invoke(functions[_substitution(resource)], given)

    def _invoke(self, function: str, event: Any) -> Any:
        self.calls.append(function)
        try:
            return self.gateway.invoke(function, event)
        except Exception as error:
            cause = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "stackTrace": [],
            }
            raise TaskFailed(type(error).__name__, json.dumps(cause)) from error


def _substitution(text: str) -> str:
    match = re.fullmatch(r"\$\{(\w+)\}", text)
    assert match, text
    return match[1]


def _caught(state: dict[str, Any], data: Any, failed: TaskFailed) -> tuple[str, Any]:
    for catcher in state.get("Catch", ()):
        if {failed.error, "States.ALL"} & set(catcher["ErrorEquals"]):
            what = {"Error": failed.error, "Cause": failed.cause}
            return catcher["Next"], _put(data, catcher.get("ResultPath", "$"), what)
    raise failed


def resolve(template_value: Any, data: Any) -> Any:
    """Fill in a payload template."""
    if not isinstance(template_value, dict):
        return template_value
    return {
        key.removesuffix(".$"): _look(value, data) if key.endswith(".$") else resolve(value, data)
        for key, value in template_value.items()
    }


def _look(path: str, data: Any) -> Any:
    for name in path.split(".")[1:]:
        data = data[name]
    return data


def _put(data: Any, path: str | None, result: Any) -> Any:
    if path is None:
        return data
    _, *names = path.split(".")
    return _put_at(data, names, result)


def _put_at(data: Any, names: list[str], result: Any) -> Any:
    if not names:
        return result
    first, *others = names
    return {**data, first: _put_at(data.get(first, {}), others, result)}


def _holds(choice: dict[str, Any], data: Any) -> bool:
    value = _look(choice["Variable"], data)
    expected = choice["StringEquals"] if "StringEquals" in choice else choice["BooleanEquals"]
    return bool(value == expected)
