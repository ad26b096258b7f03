"""Schemathesis follows the links of the OpenAPI document: what an answer names is sent to what takes it.

Every answer is held to the document, as those to single requests are. `make contract` follows far more links.
"""

import json
import os
import re
from contextlib import ExitStack
from typing import Any, Final
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from schemathesis import GenerationMode

from shop.domain.sessions import Role
from tests.support.described import CHECKS, OpenWorld, World, document, roles
from tests.support.returns import deliver_order

#: Sequences of each part, and the requests of each.
_SEQUENCES: Final = max(2, int(os.environ.get("SHOP_CONTRACT_REQUESTS", "3")) // 2)
_STEPS: Final = 15
_SETTINGS: Final = settings(
    max_examples=_SEQUENCES,
    stateful_step_count=_STEPS,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: Services whose answers name what the others of the part take; a sequence stays in a part.
_PARTS: Final = (
    ("orders", "payments", "finance"),
    ("catalog", "inventory", "cart"),
    ("identity",),
)
_ID: Final = re.compile(r'"(product_id|order_id)": "[^"]+"')
_LOGIN: Final = {"email": "ada@shop.example", "password": "correct horse battery"}


def _machine(services: tuple[str, ...]) -> Any:
    """Make the state machine of the document's links, which sends what the document allows."""
    schema = schemathesis.openapi.from_dict(document()).include(tag=list(services))
    schema.config.generation.update(modes=[GenerationMode.POSITIVE], with_security_parameters=False)
    # Followed is what the document says, not what may be guessed from names.
    schema.config.phases.stateful.inference.algorithms = []
    return schema.as_state_machine()


class _Shopping:
    """A customer and the staff of a shop; sessions that a request has ended begin again."""

    def __init__(self, world: World) -> None:
        self._world, self._shop = world, world.shop
        self._sessions: dict[Role, str] = {}
        self._sent = 0
        made = self._shop.post("/api/customers", json=_LOGIN | {"name": "Ada"})
        assert made.status == 201, made.text
        self._known = dict(world.known)

    def order(self, *, paid: bool, delivered: bool) -> None:
        """Order, and let the order get as far as it says."""
        customer, product = self._session(Role.CUSTOMER), UUID(self._known["product_id"])
        order = self._shop.order(customer, product, quantity=2)
        self._known["order_id"] = str(order)
        if paid:
            self._shop.pay(customer, order)
        if delivered:
            deliver_order(self._shop.container, order)

    def send(self, case: Any) -> Any:
        """Send a request as the customer, or as whoever may; every second body is the document's example."""
        example = _example(case.operation)
        self._sent += 1
        if example is not None and self._sent % 2:
            text = _ID.sub(lambda found: f'"{found[1]}": "{self._known[found[1]]}"', example)
            case.body = json.loads(text)
        # Of a link by e-mail: any other makes an order of one's own unknown.
        case.query.pop("token", None)
        allowed = roles(case.operation) or [Role.CUSTOMER]
        role = Role.CUSTOMER if Role.CUSTOMER in allowed else allowed[-1]
        answer = self._world.call(case, self._session(role))
        if answer.status_code == 401:
            del self._sessions[role]
        return answer

    def _session(self, role: Role) -> str:
        if role not in self._sessions:
            self._sessions[role] = self._begin(role)
        return self._sessions[role]

    def _begin(self, role: Role) -> str:
        if role is not Role.CUSTOMER:
            return self._shop.shopper(role)
        answer = self._shop.post("/api/sessions", json=_LOGIN)
        assert answer.status == 201, answer.text
        return str(answer.json["token"])


def _example(operation: Any) -> str | None:
    """Return the example of a body as text."""
    body = operation.definition.raw.get("requestBody")
    return body and json.dumps(body["content"]["application/json"]["example"])


@pytest.mark.parametrize("services", _PARTS, ids=lambda services: services[0])
def test_every_answer_of_a_sequence_is_documented(
    open_world: OpenWorld, services: tuple[str, ...]
) -> None:
    followed: dict[str, list[int]] = {}

    class Sequence(_machine(services)):  # type: ignore[misc]
        # Each sequence has a shop of its own: Hypothesis repeats beginnings and expects the same answers.
        def setup(self) -> None:
            self.opened = ExitStack()
            self.shopping = _Shopping(self.opened.enter_context(open_world()))

        @initialize(paid=st.booleans(), delivered=st.booleans())
        def order(self, paid: bool, delivered: bool) -> None:
            self.shopping.order(paid=paid, delivered=paid and delivered)

        def call(self, case: Any, **kwargs: Any) -> Any:
            return self.shopping.send(case)

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            case.validate_response(response, checks=CHECKS)

        def step(self, request: Any) -> Any:
            output = super().step(request)
            if request.applied_parameters:
                followed.setdefault(request.transition.id, []).append(output.response.status_code)
            return output

        def teardown(self) -> None:
            self.opened.close()

    Sequence.run(settings=_SETTINGS)
    assert any(status < 300 for statuses in followed.values() for status in statuses)
