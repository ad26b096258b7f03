"""A shopper's view: the API Gateway URL and nothing else."""

import uuid
from collections.abc import Mapping
from typing import Any, Self, override

import httpx

from shop.contracts.problems import PROBLEMS
from shop_local.api.answer import Answer
from shop_local.api.client import ApiClient
from tests.support import contract
from tests.support.gateway import Response
from tests.support.proxy_events import find_route
from tests.support.waiting import eventually

CONTACT = {"email": "guest@shop.example"}
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "1 Market Street",
    "city": "San Francisco",
    "region": "CA",
    "postal_code": "94105",
    "country": "US",
}


def check(answer: httpx.Response) -> httpx.Response:
    """Check the properties that every response has, and hold it to the OpenAPI document."""
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert PROBLEMS[problem["code"]].status == answer.status_code == problem["status"], problem
        assert problem["request_id"], problem
        assert "Traceback" not in answer.text
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) > 0
    _hold_to_the_contract(answer)
    return answer


def _hold_to_the_contract(answer: httpx.Response) -> None:
    """Check an answer of a function; API Gateway's own have its request id, and no header of the shop."""
    sent = answer.request
    _, found, path = sent.url.raw_path.decode().partition("?")[0].partition("/api/")
    try:
        route, _ = find_route(sent.method, f"{found}{path}")
    except LookupError:
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if "x-request-id" not in headers:
        assert answer.json()["request_id"] == headers["x-amzn-requestid"], answer.text
        return
    contract.check(sent.method, route.path, Response(answer.status_code, headers, answer.text))


class _CheckedClient(ApiClient):
    """The generated client, each of whose answers is checked."""

    @override
    def answer(self, response: httpx.Response) -> Answer[Any]:
        return super().answer(check(response))


class Shop:
    """Calls the deployed API.

    Parameters
    ----------
    url : str
        The API Gateway URL of the stage.
    values : mapping
        The stack's settings, for the credentials of staff.
    """

    def __init__(self, url: str, values: Mapping[str, str]) -> None:
        # Requests of a burst queue for an execution environment, so the client needs a long time-out.
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=20)
        self.http = httpx.Client(base_url=url, timeout=90, limits=limits)
        self.api = _CheckedClient(self.http)
        self._values = values
        self._staff = ""
        #: Tokens of guests, who must give an e-mail address.
        self._guests: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send one request; keyword arguments are headers, with ``_`` for ``-``."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if key:
            sent["Idempotency-Key"] = key
        return check(self.http.request(method, path, json=json, headers=sent))

    def get(self, path: str, *, token: str | None = None) -> Any:
        """Read a resource that must exist."""
        answer = self.call("GET", path, token=token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def guest(self) -> str:
        """Open a guest session and return its token."""
        token = self.api.identity_create_session({}).expect(201)["token"]
        self._guests.add(token)
        return token

    def customer(self) -> dict[str, str]:
        """Sign up, and return the credentials."""
        account = {"email": f"{uuid.uuid4().hex}@shop.example", "password": "correct horse battery"}
        self.api.identity_create_customer(
            {"email": account["email"], "password": account["password"], "name": "Ada Lovelace"}
        ).expect(201)
        return account

    def log_in(self, account: dict[str, str]) -> str:
        """Log in and return the session's token."""
        opened = self.api.identity_create_session(
            {"email": account["email"], "password": account["password"]}
        )
        return opened.expect(201)["token"]

    @property
    def staff(self) -> str:
        """Token of a staff session; a new one if Redis has lost the session."""
        if not self._staff or self.call("GET", "/api/cart", token=self._staff).status_code == 401:
            self._staff = self.log_in(
                {
                    "email": self._values["SHOP_STAFF_EMAIL"],
                    "password": self._values["SHOP_STAFF_PASSWORD"],
                }
            )
        return self._staff

    def product(self, stock: int, price: float = 19.99) -> str:
        """Create a product with stock and return its id."""
        name = f"Thing {uuid.uuid4().hex[:12]}"
        made = self.api.catalog_create_product(
            {
                "sku": name.replace(" ", "-"), "name": name, "description": "For the tests.",
                "brand": "Acme", "price": price, "currency": "USD", "category": "laptops", "tags": [],
            },
            session=self.staff,
        )  # fmt: skip
        product_id = made.expect(201)["id"]
        self.api.inventory_set_stock(product_id, {"on_hand": stock}, session=self.staff).expect()
        return product_id

    def stock(self, product_id: str) -> tuple[int, int, int]:
        """On hand, reserved, available."""
        level = self.api.inventory_get_stock(product_id).expect()
        return level["on_hand"], level["reserved"], level["available"]

    def add(self, token: str, product_id: str, quantity: int = 1) -> str:
        """Add a product to the cart and return the cart's id."""
        cart = self.api.cart_add_item(
            {"product_id": product_id, "quantity": quantity}, session=token
        )
        return str(cart.expect()["cart_id"])

    def check_out(self, token: str, cart_id: str, key: str | None = None) -> httpx.Response:
        """Check out the cart."""
        body: dict[str, Any] = {
            "cart_id": cart_id,
            "shipping_address": ADDRESS,
            "payment_method_id": "pm_card_visa",
        }
        if token in self._guests:
            body["contact"] = CONTACT
        return self.call(
            "POST", "/api/orders/checkout", body, token=token, key=key or uuid.uuid4().hex
        )

    def order(self, token: str, product_id: str, quantity: int = 1) -> dict[str, Any]:
        """Order a product without paying."""
        answer = self.check_out(token, self.add(token, product_id, quantity))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def pay(self, token: str, order_id: str, card: str = "pm_card_visa") -> httpx.Response:
        """Pay an order."""
        body = {"order_id": order_id, "payment_method_id": card}
        return self.call("POST", "/api/payments/process", body, token=token)

    def timeline(self, token: str, order_id: str) -> list[str]:
        """Every status the order reached."""
        order = self.get(f"/api/orders/{order_id}", token=token)
        return [entry["status"] for entry in order["timeline"]]

    def await_status(
        self, token: str, order_id: str, status: str, seconds: float = 60
    ) -> dict[str, Any]:
        """Wait until the order has reached a status."""
        return eventually(
            lambda: dict(self.call("GET", f"/api/orders/{order_id}", token=token).json()),
            what=f"order {order_id} is {status}",
            until=lambda order: order.get("status") == status,
            seconds=seconds,
        )
