"""DELETE /api/admin/categories/{slug}: delete an empty category."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import staff


@endpoint(status=204, access=only(STAFF), problems=("category_not_found", "category_in_use"))
def handler(request: Request[None, None]) -> Answer:
    """Delete a category to which nothing belongs."""
    opened = unit_of_work(PostgresCatalogWork, request.shopper)
    staff.delete_category(catalog_cache(), opened, request.path["slug"])
    return Answer(status=204)
