"""What tests find in the ledger: prices, the floor, and what was billed for invocations."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from shop.adapters.postgres.costs import PostgresLedger
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.price_lists import PostgresPriceLists
from shop.domain.costs import CostItem, CostRequest, FloorItem, Kind, Price, PriceList, times
from shop.domain.flows import FLOWS
from shop.services.finance.ports import Page
from tests.support.gateway import Gateway, Response
from tests.support.stock import query

REGION = "us-east-1"
VERSION = "2026-06-30"
SOURCE = "https://prices.example/"
PRICES = {
    "lambda_duration.x86_64": ("GB-second", "0.0000166667"),
    "lambda_request": ("request", "0.0000002"),
    "api_request": ("request", "0.0000035"),
    "email": ("e-mail", "0.0001"),
    "stripe.card.rate": ("part", "0.029"),
    "stripe.card.fixed": ("payment", "0.30"),
}
PRICE = Price(
    "lambda_request", "request", Decimal("0.0000002"), "USD", "all", SOURCE, date(2026, 6, 30)
)
SEARCH = FloorItem(
    "SearchDomain, instance",
    "AWS::OpenSearchService::Domain",
    Decimal(730),
    "hour",
    "opensearch.t3.small.search.hour",
    Decimal("26.28"),
    "USD",
)
_serial = itertools.count(1)


class FinanceClient(NamedTuple):
    """Asks the finance API with one session."""

    shop: Gateway
    token: str

    def get(self, what: str, **query: Any) -> Response:
        """Send a request to /api/finance; ``from_`` stands for the parameter ``from``."""
        named = {name.rstrip("_"): value for name, value in query.items()}
        return self.shop.get(f"/api/finance/{what}", token=self.token, query=named)

    def read(self, what: str, **query: Any) -> Any:
        """Send a request that succeeds; give its answer."""
        answer = self.get(what, **query)
        assert answer.status == 200, answer.text
        return answer.json


class LedgerBuilder:
    """Records costs as the collector does.

    A price list and a floor, `SEARCH` alone, are loaded.
    """

    def __init__(self, database: Database, *, without: Sequence[str] = ()) -> None:
        self._ledger = PostgresLedger(database)
        found = {
            key: Price(key, unit, Decimal(amount), "USD", "all", SOURCE, date(2026, 6, 30))
            for key, (unit, amount) in PRICES.items()
            if key not in without
        }
        PostgresPriceLists(database).load(PriceList(REGION, VERSION, found), [SEARCH])

    def invocation(
        self,
        at: datetime,
        function: str = "orders/checkout",
        *,
        orders: Sequence[UUID] = (),
        user: UUID | None = None,
        gb_seconds: str = "1",
        cold_start: bool = False,
        redelivered: bool = False,
        api: bool = False,
        emails: int = 0,
    ) -> str:
        """Record an invocation, with `api` the request to API Gateway that it answered; give its request id.

        It costs 0.0000166667 a GB-second and 0.0000002, a request 0.0000035 and an e-mail 0.0001.
        """
        number = next(_serial)
        request_id = f"invocation-{number}"
        requests = [
            CostRequest(
                request_id,
                at,
                function=function,
                service=function.partition("/")[0],
                flow=str(FLOWS[function]),
                outcome="ok",
                outcome_at=at,
                redelivered=redelivered,
                order_ids=tuple(orders),
                user_id=user,
            )
        ]
        items = [
            self._item(request_id, Kind.LAMBDA_DURATION, function, at, gb_seconds, cold_start),
            self._item(request_id, Kind.LAMBDA_REQUEST, function, at),
        ]
        if emails:
            items.append(self._item(request_id, Kind.EMAIL, function, at, str(emails)))
        if api:
            requests.append(CostRequest(f"api-{number}", at, invocation_id=request_id))
            route = f"GET /api/{function}"
            items.append(self._item(f"api-{number}", Kind.API_REQUEST, route, at))
        self._ledger.record(Page(requests=requests, items=items))
        return request_id

    def refused(self, at: datetime, name: str = "GET (no route)") -> None:
        """Record a request to API Gateway that no function answered."""
        request_id = f"refused-{next(_serial)}"
        item = self._item(request_id, Kind.API_REQUEST, name, at)
        self._ledger.record(Page(requests=[CostRequest(request_id, at, status=404)], items=[item]))

    def collected(self, until: datetime) -> None:
        """Move the watermark of both log groups."""
        for group in ("/shop/functions", "/shop/access"):
            self._ledger.complete(group, until)

    @staticmethod
    def _item(
        request_id: str,
        kind: Kind,
        name: str,
        at: datetime,
        quantity: str = "1",
        cold_start: bool = False,
    ) -> CostItem:
        unit, price = PRICES[kind.price_key("x86_64")]
        return CostItem(
            item_id=f"{request_id}:{kind}",
            request_id=request_id,
            kind=kind,
            name=name,
            at=at,
            quantity=Decimal(quantity),
            unit=unit,
            unit_price=Decimal(price),
            amount=times(Decimal(quantity), Decimal(price)),
            currency="USD",
            price_version=VERSION,
            cold_start=cold_start,
        )


def today(now: datetime) -> datetime:
    """Give the beginning of a day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def day(moment: datetime, offset: int = 0) -> str:
    """Write a day as the API takes it."""
    return f"{moment + timedelta(days=offset):%Y-%m-%d}"


def paid_at(database: str, order_id: UUID, at: datetime) -> None:
    """Record that an order was paid at a time."""
    query(
        database,
        "INSERT INTO order_timeline (order_id, status, occurred_at) VALUES (%s, 'PAID', %s)",
        (order_id, at),
    )
