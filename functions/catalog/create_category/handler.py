"""POST /api/admin/categories: add a category."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import CategoryView, CreateCategory
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.catalog import staff


@endpoint(
    body=CreateCategory,
    answer=CategoryView,
    status=201,
    access=only(STAFF),
    idempotency=ACCEPTED,
    problems=("category_taken",),
)
def handler(request: Request[CreateCategory, None]) -> Answer:
    """Add a category below another one, or at the top."""
    opened = unit_of_work(PostgresCatalogWork, request.shopper)
    return Answer(staff.create_category(catalog_cache(), opened, request.body), 201)
