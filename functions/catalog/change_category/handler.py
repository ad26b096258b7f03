"""PATCH /api/admin/categories/{slug}: rename a category."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import CategoryView, ChangeCategory
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import staff


@endpoint(
    body=ChangeCategory, answer=CategoryView, access=only(STAFF), problems=("category_not_found",)
)
def handler(request: Request[ChangeCategory, None]) -> Answer:
    """Change the name of a category."""
    opened = unit_of_work(PostgresCatalogWork, request.shopper)
    renamed = staff.rename_category(
        catalog_cache(), opened, request.path["slug"], request.body.name
    )
    return Answer(renamed)
