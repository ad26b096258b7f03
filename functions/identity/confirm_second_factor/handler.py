"""POST /api/customers/me/second-factor/confirm: show that the authenticator app has the secret."""

from shop.bootstrap.identity import sessions
from shop.bootstrap.postgres import write
from shop.bootstrap.second_factors import second_factor_keys
from shop.bootstrap.work.second_factors import PostgresSecondFactorsWork
from shop.contracts.http.second_factors import ConfirmEnrolment, RecoveryCodes
from shop.domain.sessions import PRIVILEGED
from shop.entrypoints.access import enrolling
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.second_factors import confirm_enrolment


# No Idempotency-Key is accepted: the stored answer would be the recovery codes in plain text.
@endpoint(
    body=ConfirmEnrolment,
    answer=RecoveryCodes,
    access=enrolling(PRIVILEGED),
    problems=("second_factor_exists", "second_factor_not_found"),
)
def handler(request: Request[ConfirmEnrolment, None]) -> Answer:
    """Complete the enrolment; all sessions end, and the next login needs a code."""
    codes = confirm_enrolment(
        sessions(),
        write(PostgresSecondFactorsWork, request.shopper),
        second_factor_keys,
        request.shopper,
        request.body.code,
    )
    return Answer(codes, headers={"Cache-Control": "no-store"})
