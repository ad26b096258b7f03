"""Keys, headers, forms, pages, search, restarts, concurrency and start-up time."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
import stripe

from stripe_fake.tests.conftest import Fake, start

PATH = "/v1/payment_intents"


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer sk_live_1", "Bearer nonsense"])
def test_a_key_of_the_test_mode_is_needed(fake: Fake, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = fake.http.get(PATH, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "sk_live_1" not in answer.text


def test_the_sdk_raises_authentication_error(fake: Fake) -> None:
    client = stripe.StripeClient("pk_wrong", base_addresses={"api": fake.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.charges.list()


def test_basic_authentication_works_as_with_curl(fake: Fake) -> None:
    assert fake.http.get(PATH, auth=("sk_test_x", "")).status_code == 200


def test_headers(fake: Fake) -> None:
    answer = fake.raw("GET", PATH, headers={"Stripe-Version": "2026-01-01.future"})
    assert answer.headers["Stripe-Version"] == "2026-01-01.future"
    assert answer.headers["Request-Id"].startswith("req_")
    error = fake.raw("GET", f"{PATH}/pi_x")
    assert error.headers["Request-Id"] in error.json()["error"]["request_log_url"]


def test_an_unknown_url_is_a_404(fake: Fake) -> None:
    answer = fake.raw("GET", "/v1/nothing")
    assert answer.status_code == 404
    assert "Unrecognized request URL (GET: /v1/nothing)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("expand", ["expand[]", "expand[0]"])
def test_nested_forms(fake: Fake, expand: str) -> None:
    answer = fake.raw(
        "POST",
        PATH,
        data={
            "amount": "100",
            "currency": "usd",
            "confirm": "true",
            "payment_method": "pm_card_visa",
            "payment_method_types[0]": "card",
            "metadata[order_id]": "Ä & ü",
            "shipping[name]": "Ada",
            "shipping[address][line1]": "1 Street",
            expand: "latest_charge",
        },
    ).json()
    assert answer["metadata"] == {"order_id": "Ä & ü"}
    assert answer["shipping"]["address"]["line1"] == "1 Street"
    assert answer["latest_charge"]["object"] == "charge"


@pytest.mark.parametrize(
    "form", ["amount[=1", "amount]=1", "[x]=1", "amount=1&amount[x]=1", "metadata=x", "expand=x"]
)
def test_broken_forms_are_refused(fake: Fake, form: str) -> None:
    answer = fake.raw("POST", PATH, content=f"currency=usd&{form}")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_pages(fake: Fake) -> None:
    v1 = fake.client.v1
    made = [v1.payment_intents.create({"amount": 100 + n, "currency": "usd"}).id for n in range(5)]
    newest = made[::-1]
    first = v1.payment_intents.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (newest[:2], True)
    rest = v1.payment_intents.list({"limit": 3, "starting_after": newest[1]})
    assert ([one.id for one in rest.data], rest.has_more) == (newest[2:], False)
    back = v1.payment_intents.list({"limit": 2, "ending_before": newest[4]})
    assert [one.id for one in back.data] == newest[2:4]
    listed = v1.payment_intents.list({"limit": 2}).auto_paging_iter()
    assert [one.id for one in listed] == newest
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.list({"starting_after": "pi_nothing"})


def test_created_ranges(fake: Fake) -> None:
    early = fake.pay()
    fake.control("POST", "settings", clock_offset_seconds=3600)
    late = fake.pay(expand=["latest_charge"])
    listed = fake.client.v1.payment_intents.list
    assert [one.id for one in listed({"created": {"gt": early.created}}).data] == [late.id]
    assert [one.id for one in listed({"created": {"lt": late.created}}).data] == [early.id]
    assert [one.id for one in listed({"created": late.created}).data] == [late.id]
    expanded = listed({"created": {"gte": late.created}, "expand": ["data.latest_charge"]}).data[0]
    assert isinstance(expanded.latest_charge, stripe.Charge)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("metadata['order_id']:'a'", ["a"]),
        ('metadata["order_id"]:"a"', ["a"]),
        ("metadata['order_id']:null", []),
        ("-metadata['order_id']:'a'", ["c", "b"]),
        ("status:'succeeded' AND amount>150", ["b"]),
        ("metadata['order_id']:'a' OR metadata['order_id']:'c'", ["c", "a"]),
        ("amount>=100 amount<=200 currency:'usd'", ["b", "a"]),
    ],
)
def test_search(fake: Fake, query: str, expected: list[str]) -> None:
    for name, amount in (("a", 100), ("b", 200)):
        fake.pay(amount=amount, metadata={"order_id": name})
    fake.client.v1.payment_intents.create(
        {"amount": 300, "currency": "usd", "metadata": {"order_id": "c"}}
    )
    found = fake.client.v1.payment_intents.search({"query": query}).data
    assert [one.metadata and one.metadata["order_id"] for one in found] == expected


@pytest.mark.parametrize(
    "query",
    [
        "nothing",
        "bogus:'x'",
        "metadata:'x'",
        "status>'x'",
        "status:'a' AND status:'b' OR status:'c'",
        "status:'a' AND",
    ],
)
def test_wrong_searches_are_refused(fake: Fake, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.client.v1.payment_intents.search({"query": query})
    assert caught.value.param == "query"


def test_search_pages_and_sees_late_like_stripe(fake: Fake) -> None:
    for _ in range(3):
        fake.pay(metadata={"order_id": "o"})
    search = fake.client.v1.payment_intents.search
    first = search({"query": "metadata['order_id']:'o'", "limit": 2})
    assert first.has_more
    second = search({"query": "metadata['order_id']:'o'", "limit": 2, "page": str(first.next_page)})
    assert len({one.id for one in [*first.data, *second.data]}) == 3
    fake.control("POST", "settings", search_delay_seconds=60)
    assert search({"query": "metadata['order_id']:'o'"}).data == []


def test_the_state_survives_a_restart_and_a_start_is_quick(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state.sqlite3"
    first = start(state, "--webhook-url", "http://127.0.0.1:9/a", "--webhook-secret", "whsec_a")
    fake = Fake(first.url)
    paid = fake.pay(key="k-1", metadata={"order_id": "o-1"})
    fake.http.close()
    first.popen.kill()
    first.stop()
    second = start(state)
    fake = Fake(second.url)
    assert fake.pay(key="k-1", metadata={"order_id": "o-1"}).id == paid.id
    assert fake.control("GET", "charges")["count"] == 1
    endpoints = fake.control("GET", "webhooks/endpoints")["data"]
    assert [endpoint["url"] for endpoint in endpoints] == ["http://127.0.0.1:9/a"]
    fake.http.close()
    third = start(tmp_path / "other.sqlite3")
    third.stop()
    second.stop()
    assert second.popen.returncode == 0
    # On a quiet machine 300 ms pass until it listens; on others its share of a CPU decides.
    assert min(each.ready_cpu_seconds for each in (first, second, third)) < 1.0


def test_a_port_in_use_is_reported(fake: Fake, tmp_path: Path) -> None:
    port = fake.url.rpartition(":")[2]
    state = str(tmp_path / "s")
    ended = subprocess.run(
        [sys.executable, "-m", "stripe_fake", "--port", port, "--state", state],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("stripe_fake: cannot start: ")
    assert "Traceback" not in ended.stderr


def test_many_buyers_at_once(fake: Fake) -> None:
    def buy(number: int) -> int:
        with httpx.Client(base_url=fake.url, timeout=20) as http:
            return http.post(
                PATH,
                headers={"Authorization": "Bearer sk_test_x"},
                data={
                    "amount": "100",
                    "currency": "usd",
                    "confirm": "true",
                    "payment_method": "pm_card_visa",
                    "payment_method_types[]": "card",
                    "metadata[order_id]": str(number),
                },
            ).status_code

    began = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(buy, range(100))) == {200}
    assert time.perf_counter() - began < 60
    charges = fake.control("GET", "charges")
    assert (charges["count"], charges["by_status"]) == (100, {"succeeded": 100})
    assert len({charge["metadata"]["order_id"] for charge in charges["data"]}) == 100


def test_it_listens_on_loopback_only(fake: Fake) -> None:
    port = int(fake.url.rpartition(":")[2])
    listening = [
        c.laddr.ip
        for c in psutil.net_connections("tcp")
        if c.status == "LISTEN" and c.laddr and c.laddr.port == port
    ]
    assert listening == ["127.0.0.1"]
