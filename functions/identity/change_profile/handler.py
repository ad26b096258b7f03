"""PATCH /api/customers/me: change name, e-mail address or password."""

from shop.bootstrap.identity import link_throttle, login_throttle, sessions
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import ChangeProfile, Profile
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import profile


@endpoint(body=ChangeProfile, answer=Profile, access=only(CUSTOMERS), problems=("not_found",))
def handler(request: Request[ChangeProfile, None]) -> Answer:
    """Change the customer's own account; address and password only with the present password."""
    changed = profile.change_profile(
        sessions(),
        unit_of_work(PostgresLinksWork),
        request.shopper,
        request.body,
        logins=login_throttle(),
        links=link_throttle(),
        token=request.token or "",
        source=request.source,
    )
    return Answer(changed)
