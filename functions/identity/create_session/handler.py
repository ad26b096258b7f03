"""POST /api/sessions: open a guest session or log in."""

from functools import partial

from shop.bootstrap import environment
from shop.bootstrap.cart import carts
from shop.bootstrap.guests import guest_throttle
from shop.bootstrap.identity import login_throttle, sessions
from shop.bootstrap.postgres import read, write
from shop.bootstrap.second_factors import second_factor_keys
from shop.bootstrap.work.accounts import PostgresAccountWork
from shop.bootstrap.work.second_factors import PostgresSecondFactorsWork
from shop.contracts.http.identity import OpenSession, SessionView
from shop.entrypoints.access import IF_SENT
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.invocation import summarise
from shop.services.identity.login import open_session
from shop.services.identity.second_factors import SecondFactorPolicy


# No Idempotency-Key is accepted: the stored answer would be a bearer token in plain text. Repeating the
# request is safe, because the guest's cart is moved once.
@endpoint(
    body=OpenSession,
    answer=SessionView,
    status=201,
    access=IF_SENT,
    problems=("invalid_credentials", "second_factor_invalid", "second_factor_required"),
)
def handler(request: Request[OpenSession, None]) -> Answer:
    """Open a guest session or log in."""
    session = open_session(
        sessions(),
        login_throttle(),
        carts(),
        read(PostgresSecondFactorsWork),
        request.body,
        guests=guest_throttle(),
        write=write(PostgresAccountWork),
        policy=SecondFactorPolicy(
            second_factor_keys,
            partial(write, PostgresSecondFactorsWork),
            required=environment().settings.staff_second_factor == "required",
        ),
        guest=request.session,
        source=request.source,
    )
    summarise(user_id=str(session.user_id))
    return Answer(session, 201, {"Cache-Control": "no-store"})
