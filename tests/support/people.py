"""Sessions for the tests, straight from the session store."""

from uuid import UUID

from shop.domain.ids import new_id
from shop.domain.sessions import Role, Session
from tests.support.containers import Container


def token_of(container: Container, role: Role = Role.GUEST, user_id: UUID | None = None) -> str:
    """Begin a session and give its token."""
    email = None if role is Role.GUEST else f"{role.value}@shop.example"
    token, _ = container.sessions.open(Session(user_id or new_id(), role, email))
    return token
