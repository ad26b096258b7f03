"""POST /api/admin/orders/{order_id}/notes: add a note to an order."""

from msgspec.structs import asdict

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import AddNote, NoteView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.desk import read as order_desk


@endpoint(
    body=AddNote,
    answer=NoteView,
    status=201,
    access=only(STAFF),
    idempotency=ACCEPTED,
    order="path",
    problems=("order_not_found",),
)
def handler(request: Request[AddNote, None]) -> Answer:
    """Add a note of staff to an order."""
    note = order_desk.add_note(
        unit_of_work(PostgresDeskWork, request.shopper),
        request.shopper,
        request.order_id,
        request.new_id,
        request.body.text,
    )
    return Answer(NoteView(**asdict(note)), 201)
