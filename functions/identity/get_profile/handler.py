"""GET /api/customers/me: the customer's own account."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import Profile
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import profile


@endpoint(answer=Profile, access=only(CUSTOMERS), problems=("not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Read the customer's own account."""
    return Answer(profile.get_profile(read(PostgresLinksWork), request.shopper.user_id))
