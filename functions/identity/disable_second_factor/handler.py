"""POST /api/customers/me/second-factor/disable: remove one's own second factor."""

from shop.bootstrap.identity import login_throttle
from shop.bootstrap.postgres import write
from shop.bootstrap.second_factors import second_factor_keys
from shop.bootstrap.work.second_factors import PostgresSecondFactorsWork
from shop.contracts.http.second_factors import DisableSecondFactor
from shop.domain.sessions import PRIVILEGED
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.second_factors import disable_second_factor


@endpoint(
    body=DisableSecondFactor,
    status=204,
    access=only(PRIVILEGED),
    problems=("not_found", "second_factor_not_found"),
)
def handler(request: Request[DisableSecondFactor, None]) -> Answer:
    """Remove the caller's second factor by a code of it, for example to enrol another device."""
    disable_second_factor(
        login_throttle(),
        write(PostgresSecondFactorsWork, request.shopper),
        second_factor_keys,
        request.shopper,
        request.body.code,
        source=request.source,
    )
    return Answer(status=204)
