"""Sessions for the tests, straight from the session store, and the audit log."""

import hashlib
from typing import Any, Final
from uuid import UUID

from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from tests.support.containers import Container
from tests.support.gateway import Gateway

#: With which another service calls the shop, and the digest that the shop knows.
SERVICE_TOKEN: Final = "of-another-service"
SERVICE_TOKEN_SHA256: Final = hashlib.sha256(SERVICE_TOKEN.encode()).hexdigest()


def token_of(container: Container, role: Role = Role.GUEST, user_id: UUID | None = None) -> str:
    """Begin a session and give its token."""
    email = None if role is Role.GUEST else f"{role.value}@shop.example"
    token, _ = container.sessions.open(Session(user_id or new_id(), role, email))
    return token


def audit_of(shop: Gateway, staff: str, subject_id: object) -> list[tuple[str, Any, Any]]:
    """Read what was done to a subject, oldest first: action, before and after."""
    answer = shop.get("/api/admin/audit", query={"subject_id": subject_id}, token=staff)
    return [(row["action"], row["before"], row["after"]) for row in reversed(answer.json["rows"])]


def actions_on(shop: Gateway, staff: str, subject_id: object) -> list[str]:
    """Return what staff have done to a subject, oldest first."""
    return [action for action, _, _ in audit_of(shop, staff, subject_id)]
