"""GET /api/finance/costs.csv and costs.jsonl: every line once, page by page."""

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shop.domain.ids import new_id
from shop.services.finance import export
from tests.support.ledger import FinanceClient, LedgerBuilder, day

_LINES = 23


@pytest.fixture
def _billed(ledger: LedgerBuilder, noon: datetime) -> None:
    for number in range(_LINES // 3):
        # Three by three at the same time: a page may end among them.
        ledger.invocation(noon + timedelta(seconds=number), api=True, orders=[new_id()])
    ledger.refused(noon, "=HYPERLINK(1)")
    ledger.refused(noon + timedelta(hours=1), 'GET "quoted", twice')


def _pages(finance: FinanceClient, what: str, **query: str) -> list[str]:
    pages, cursor = [], None
    while True:
        answer = finance.get(what, **query, **({"cursor": cursor} if cursor else {}))
        assert answer.status == 200, answer.text
        pages.append(answer.text)
        cursor = answer.headers.get("x-next-cursor")
        if cursor is None:
            return pages


@pytest.mark.usefixtures("_billed")
@pytest.mark.parametrize("limit", ["1", "4", "22", "23", "24", "5000"])
def test_csv_pages_make_one_file(finance: FinanceClient, noon: datetime, limit: str) -> None:
    pages = _pages(finance, "costs.csv", from_=day(noon), limit=limit)

    rows = list(csv.DictReader(io.StringIO("".join(pages))))
    assert len(rows) == len({row["item_id"] for row in rows}) == _LINES
    assert len(pages) == -(-_LINES // int(limit))
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    total = finance.read("costs", from_=day(noon))["total"]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal(total)
    for row in rows:
        assert Decimal(row["quantity"]) * Decimal(row["unit_price"]) == Decimal(row["amount"])


@pytest.mark.usefixtures("_billed")
def test_csv_contains_no_formula_and_is_quoted_where_required(
    finance: FinanceClient, noon: datetime
) -> None:
    answer = finance.get("costs.csv", from_=day(noon))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    names = {row["name"] for row in csv.DictReader(io.StringIO(answer.text))}
    assert names == {
        "'=HYPERLINK(1)", 'GET "quoted", twice', "orders/checkout", "GET /api/orders/checkout",
    }  # fmt: skip


@pytest.mark.usefixtures("_billed")
def test_json_lines(finance: FinanceClient, noon: datetime) -> None:
    pages = _pages(finance, "costs.jsonl", from_=day(noon), limit="7")

    lines = [json.loads(line) for line in "".join(pages).splitlines()]
    assert len({line["item_id"] for line in lines}) == _LINES
    total = finance.read("costs", from_=day(noon))["total"]
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(total)
    assert {line["name"] for line in lines} >= {"=HYPERLINK(1)"}
    assert all(len(line["order_ids"]) == 1 for line in lines if line["function"])


@pytest.mark.usefixtures("_billed")
def test_a_page_ends_before_it_is_too_large_for_lambda(
    finance: FinanceClient, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LARGEST", 3_000)

    pages = _pages(finance, "costs.jsonl", from_=day(noon))

    assert len(pages) > 3
    for page in pages:
        assert len(json.dumps(page)) < 4_000
    assert len("".join(pages).splitlines()) == _LINES


@pytest.mark.usefixtures("_billed")
@pytest.mark.parametrize("cursor", ["x", "AAAA", "%", "////////////", "AAZe72dyQoBhcGk="])
def test_a_malformed_cursor(finance: FinanceClient, noon: datetime, cursor: str) -> None:
    answer = finance.get("costs.csv", from_=day(noon), cursor=cursor)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["cursor"]


@pytest.mark.usefixtures("_billed")
@pytest.mark.parametrize("limit", ["0", "5001", "many"])
def test_a_limit_out_of_bounds(finance: FinanceClient, limit: str) -> None:
    answer = finance.get("costs.jsonl", limit=limit)

    assert answer.status == 400
    assert [error["field"] for error in answer.json["errors"]] == ["limit"]
