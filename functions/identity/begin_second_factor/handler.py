"""POST /api/customers/me/second-factor: begin the enrolment of a second factor."""

from urllib.parse import urlsplit

from shop.bootstrap import environment
from shop.bootstrap.postgres import write
from shop.bootstrap.second_factors import second_factor_keys
from shop.bootstrap.work.second_factors import PostgresSecondFactorsWork
from shop.contracts.http.second_factors import Enrolment
from shop.domain.sessions import PRIVILEGED
from shop.entrypoints.access import enrolling
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.second_factors import begin_enrolment


# No Idempotency-Key is accepted: the stored answer would be the secret in plain text.
@endpoint(
    answer=Enrolment,
    status=201,
    access=enrolling(PRIVILEGED),
    problems=("not_found", "second_factor_exists"),
)
def handler(request: Request[None, None]) -> Answer:
    """Begin the enrolment of a second factor; only accounts of staff have one."""
    enrolment = begin_enrolment(
        write(PostgresSecondFactorsWork, request.shopper),
        second_factor_keys,
        request.shopper,
        urlsplit(environment().settings.site_url).hostname or "shop",
    )
    return Answer(enrolment, 201, {"Cache-Control": "no-store"})
