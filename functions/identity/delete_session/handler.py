"""DELETE /api/sessions: end the session."""

from shop.bootstrap.identity import sessions
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import accounts as identity


@endpoint(status=204, problems=("session_required",))
def handler(request: Request[None, None]) -> Answer:
    """End the session. Ending it again is not an error."""
    identity.close_session(sessions(), request.token)
    return Answer(status=204)
