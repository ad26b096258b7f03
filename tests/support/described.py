"""What Schemathesis needs to send requests to the shop in process and to check the answers."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shop.domain.sessions import Role
from tests.support import contract
from tests.support.orders import OrderingShop
from tests.support.wsgi import Application

CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]  # fmt: skip
_WIDE_RANGE: Final = re.compile(r"\\\\u[0-9a-f]{4}-\\\\u[0-9a-f]{4}")


def document() -> dict[str, Any]:
    """Return the contract of an API that has no stage, with patterns that are quick to make texts for.

    Hypothesis takes seconds for a class of tens of thousands of characters.
    """
    text = json.dumps(contract.document(), ensure_ascii=False)
    return {**json.loads(_WIDE_RANGE.sub("", text)), "servers": [{"url": "/"}]}


def roles(operation: Any) -> list[Role]:
    """Return the roles that may call an operation; none are named where anybody may."""
    described = operation.definition.raw.get("description", "")
    return [role for role in Role if role.value in described]


@dataclass(frozen=True, slots=True)
class World:
    """A shop, and what paths may name in it."""

    shop: OrderingShop
    application: Application
    known: dict[str, str]

    def call(self, case: Any, token: str) -> Any:
        """Send a request with the token of a session."""
        headers = {"Authorization": f"Bearer {token}"}
        return case.call(base_url="http://shop", headers=headers, app=self.application)


type OpenWorld = Callable[[], AbstractContextManager[World]]
