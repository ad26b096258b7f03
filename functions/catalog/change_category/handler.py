"""PATCH /api/admin/categories/{slug}: change or move a category."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import CategoryView, ChangeCategory
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import staff


@endpoint(
    body=ChangeCategory,
    answer=CategoryView,
    access=only(STAFF),
    problems=("category_not_found", "category_taken"),
)
def handler(request: Request[ChangeCategory, None]) -> Answer:
    """Change name or slug of a category, or move it below another one."""
    changed = staff.change_category(
        catalog_cache(),
        unit_of_work(PostgresCatalogWork, request.shopper),
        request.path["slug"],
        request.body,
        correlation_id=request.correlation_id,
    )
    return Answer(changed)
