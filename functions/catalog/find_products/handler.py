"""GET /api/admin/products: products for staff, active or not."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import FindProducts, FoundProducts
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import staff


@endpoint(query=FindProducts, answer=FoundProducts, access=only(STAFF))
def handler(request: Request[None, FindProducts]) -> Answer:
    """List products for staff, active or not, by SKU and name."""
    return Answer(staff.find_products(read(PostgresCatalogWork), request.query))
