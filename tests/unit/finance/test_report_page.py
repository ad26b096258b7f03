"""The report's page: valid, self-contained, escaped, and readable by those who do not see the charts."""

import base64
import hashlib
import re
from decimal import Decimal

import pytest

from shop.domain.costs import PRICE_LIST_API, Kind
from shop.services.finance.assumptions import confirmation
from shop.services.finance.costs import Group
from shop.services.finance.refresh import QUERIES
from shop.services.finance.report import Report
from shop.services.finance.report_page import HEADERS, page
from shop.services.finance.report_sections import KINDS
from tests.support.finance import shipped_prices
from tests.support.pages import Page
from tests.support.report import a_report

_REPORTS = {
    "a month": a_report(),
    "a week": a_report(days=7),
    "one day without orders": a_report(days=1, paid=0, compared=False),
    "a year": a_report(days=366),
}
_EVIL = '<script>alert("1")</script>&\'"'


@pytest.fixture(params=list(_REPORTS.values()), ids=list(_REPORTS))
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.param
    return found


def test_it_is_valid_and_loads_nothing(report: Report) -> None:
    found = Page(page(report))

    assert found.problems == []
    assert not re.search(r"url\(|@import|https?:", found.style)


def test_its_policy_allows_its_own_style_and_nothing_else(report: Report) -> None:
    found = Page(page(report))

    digest = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
    allowed = dict(part.strip().split(" ", 1) for part in found.policy.split(";"))
    assert allowed == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert HEADERS["Content-Security-Policy"] == f"{found.policy}; frame-ancestors 'none'"


def test_every_chart_has_a_title_a_description_and_its_values_in_a_table(report: Report) -> None:
    html = page(report)
    charts = re.findall(r"<svg.*?</svg>", html, re.DOTALL)

    cells = {cell for table in Page(html).tables for row in table for cell in row}
    assert len(charts) == (4 if report.economics.sales.paid else 3)
    for chart in charts:
        assert 'role="img"' in chart
        title, description = re.findall(r"<(?:title|desc) id=[^>]*>([^<]+)<", chart)
        assert title
        assert description.endswith((".", "the others."))
    flows = re.findall(r'<text class="value"[^>]*>([^<]+)<', charts[0])
    assert flows
    assert set(flows) <= cells


@pytest.mark.parametrize("place", ["function", "flow", "kind"])
def test_what_the_logs_say_is_escaped(place: str) -> None:
    report = a_report()
    evil = [Group(_EVIL, report.functions[0].sums)]
    changed = {
        "function": report._replace(functions=evil),
        "flow": report._replace(flows=evil),
        "kind": report._replace(kinds=report.kinds[:1]),
    }[place]
    if place == "kind":
        changed.kinds[0] = type(changed.kinds[0])(
            **{n: getattr(changed.kinds[0], n) for n in changed.kinds[0].__struct_fields__}
            | {"kind": _EVIL}
        )

    html = page(changed)

    assert Page(html).problems == []
    assert "<script" not in html
    assert _EVIL in Page(html).text


def test_it_says_what_is_missing() -> None:
    text = Page(page(a_report(days=1, paid=0, compared=False))).text

    assert (
        "The period is not complete: logs have been collected until 27 November 2026 09:29" in text
    )
    assert "Not deployed, so not included: message broker, database, cache" in text
    assert "RabbitMQ is billed by broker-hour: a message has no price." in text
    assert "No order was paid in the period" in text
    assert "The ledger does not cover the period before" in text
    assert "not known" in text


def test_rounded_shares_of_the_whole() -> None:
    rows = Page(page(a_report())).rows("flow")

    shares = [Decimal(cells[-1].removesuffix("\xa0%")) for cells in rows.values()]
    assert abs(sum(shares, Decimal(-100))) <= Decimal("0.05") * len(shares)


def test_it_says_what_every_amount_assumes() -> None:
    economics = a_report().economics
    text = Page(
        page(a_report()._replace(economics=economics._replace(prices=shipped_prices())))
    ).text

    assert "on-demand list price of the first billed tier" in text
    assert "Free tiers, volume discounts, savings plans and taxes are left out" in text
    assert "Not included: data transfer" in text
    aws = len(QUERIES)
    assert f"0 of {aws} prices of list 2026-11-27 are confirmed by the AWS Price List API." in text
    assert "public pricing pages as of 2026-06-27 to 2026-11-27, entered by hand" in text
    assert "count on the day on which it was paid, as in the business metrics" in text


def test_a_list_that_aws_confirmed_is_said_to_be() -> None:
    prices = shipped_prices()
    confirmed = {
        key: price._replace(source=f"{PRICE_LIST_API}AWSLambda/20261120181543")
        for key, price in prices.prices.items()
    }
    said = confirmation(prices._replace(prices=confirmed))
    aws = len(QUERIES)
    assert said.endswith(
        f"{aws} of {aws} prices of list 2026-11-27 are confirmed by the AWS Price List API."
    )


def test_every_kind_has_a_name_for_readers() -> None:
    assert set(KINDS) == set(Kind)
