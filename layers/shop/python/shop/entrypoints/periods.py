"""Periods of the ledger in requests, and exports in answers."""

from datetime import UTC, datetime

from shop.contracts.http.finance import PeriodQuery
from shop.entrypoints.http import Answer
from shop.services.finance.export import Page
from shop.services.finance.periods import Period, period
from shop.services.finance.ports import CostReader


def period_of(query: PeriodQuery, ledger: CostReader) -> Period:
    """Make the period that a query asks for, as far as the ledger covers it.

    Raises
    ------
    InvalidRequest
        Naming ``from`` or ``to``.
    NotFound
        ``costs_not_recorded``: the ledger is empty.
    """
    return period(ledger.span(), query.from_, query.to, datetime.now(UTC))


def exported(page: Page, media_type: str) -> Answer:
    """Answer a page of an export."""
    headers = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store"}
    if page.next_cursor is not None:
        headers["X-Next-Cursor"] = page.next_cursor
    return Answer(page.body, headers=headers)
