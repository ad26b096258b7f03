"""Schemathesis sends what the OpenAPI document allows, and what it forbids, to every operation.

Each answer is held to the document: its status, its media type, its headers and its body; a server error is a
failure. `make contract` sends far more requests.
"""

import os
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from shop.domain.sessions import Role
from tests.support import contract
from tests.support.described import CHECKS, World, document, roles

#: Requests to an operation, of each kind.
_REQUESTS: Final = int(os.environ.get("SHOP_CONTRACT_REQUESTS", "3"))


def _operations() -> dict[str, Any]:
    found = {}
    for result in schemathesis.openapi.from_dict(document()).get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found[operation.label] = operation
    return found


_OPERATIONS: Final = _operations()
#: What may be sent, and what is forbidden where there is a body or a query to get wrong.
_SENT: Final = [
    (label, mode)
    for label, operation in _OPERATIONS.items()
    for mode in GenerationMode
    if mode.is_positive or operation.body or operation.query
]


def test_every_operation_is_described() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in contract.document()["paths"].items()
        for method in methods
    }
    assert set(_OPERATIONS) == described


@pytest.mark.parametrize(("label", "mode"), _SENT)
def test_every_answer_is_documented(world: World, label: str, mode: GenerationMode) -> None:
    operation = _OPERATIONS[label]
    token = world.shop.shopper((roles(operation) or [Role.CUSTOMER])[-1])

    @settings(
        max_examples=_REQUESTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), known=st.booleans())
    def send(case: Any, known: bool) -> None:
        if known:
            case.path_parameters.update(
                {name: world.known[name] for name in world.known if name in case.path_parameters}
            )
        case.validate_response(world.call(case, token), checks=CHECKS)

    send()
