"""POST /api/customers: register a customer."""

from shop.bootstrap.postgres import write
from shop.bootstrap.sign_up import sign_up_throttle
from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.contracts.http.identity import CreateCustomer, CustomerView
from shop.entrypoints.access import IF_SENT
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.entrypoints.invocation import summarise
from shop.services.identity import accounts as identity


@endpoint(
    body=CreateCustomer,
    answer=CustomerView,
    status=201,
    access=IF_SENT,
    idempotency=ACCEPTED,
    problems=("email_taken",),
    admit_password=lambda source: sign_up_throttle().admit(source),
)
def handler(request: Request[CreateCustomer, None]) -> Answer:
    """Register a customer."""
    customer = identity.create_customer(
        sign_up_throttle(),
        write(PostgresCustomersWork),
        request.new_id,
        request.body,
        guest=request.session,
        source=request.source,
        password_hash=request.password_hash,
    )
    summarise(user_id=str(customer.user_id))
    return Answer(customer, 201)
