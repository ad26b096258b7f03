"""Collect costs from the logs, so that nothing counts twice and nothing is missed.

A window begins before the end of the last one, as events become readable late and in any order; the ledger
records each only once. The watermark moves when the last page of a window is recorded. A run that has no time
left, or crashes, leaves its place recorded, and the next run continues there.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shop.services.finance.documents import Documents
from shop.services.finance.ports import Ledger, LogPage, LogReader, Progress, TokenExpired

_log = logging.getLogger(__name__)

#: How long after its time an event may become readable.
OVERLAP: Final = timedelta(minutes=10)
#: The longest step of the watermark: a backlog is worked off window by window.
STEP: Final = timedelta(minutes=30)
#: Where the first run begins.
FIRST: Final = timedelta(days=1)


class _Window(NamedTuple):
    log_group: str
    since: datetime
    end: datetime
    token: str | None


class Collector:
    """Collects log groups into the ledger.

    Parameters
    ----------
    clock : callable
        Seconds of a monotonic clock, to end in time.
    """

    def __init__(
        self,
        reader: LogReader,
        ledger: Ledger,
        documents: Documents,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._documents = documents
        self._clock = clock
        self._counts = {"windows": 0, "pages": 0, "events": 0, "new": 0}

    def run(self, log_groups: list[str], now: datetime, *, seconds: float) -> dict[str, int]:
        """Collect until all groups are read up to now, or time is up.

        Parameters
        ----------
        log_groups : list of str
            Read one after the other, each with its share of the time.
        now : datetime
            Later events are left for the next run.
        seconds : float
            Maximum duration. Each run reads at least one page of each group.

        Returns
        -------
        dict
            Windows completed, pages and events read, and how many of the events were new.
        """
        begun = self._clock()
        for number, group in enumerate(log_groups, 1):
            self._collect(group, now, begun + seconds * number / len(log_groups))
        return self._counts

    def _collect(self, group: str, now: datetime, deadline: float) -> None:
        while True:
            before = self._ledger.progress(group)
            window = _next_window(group, before, now)
            if window is None or not self._read(window, before, deadline):
                return
            self._ledger.complete(group, window.end)
            self._counts["windows"] += 1
            if self._clock() >= deadline:
                return

    def _read(self, window: _Window, before: Progress | None, deadline: float) -> bool:
        """Record the pages of a window; False if time was up before the last one."""
        token = window.token
        while True:
            try:
                page = self._reader.read(window.log_group, window.since, window.end, token)
            except TokenExpired:
                _log.warning("window begins again", extra={"log_group": window.log_group})
                token = None
                continue
            self._record(page)
            token = page.next_token
            if token is None:
                return True
            if self._clock() >= deadline:
                paused = Progress(window.since + OVERLAP, window.end, token)
                self._ledger.pause(window.log_group, before, paused)
                return False

    def _record(self, page: LogPage) -> None:
        ids = [event.event_id for event in page.events]
        unseen = self._ledger.unseen(ids) if ids else set()
        new = [event for event in page.events if event.event_id in unseen]
        if new:
            self._ledger.record(self._documents.read(new))
        self._counts["pages"] += 1
        self._counts["events"] += len(page.events)
        self._counts["new"] += len(new)


def _next_window(log_group: str, before: Progress | None, now: datetime) -> _Window | None:
    """Return the next window: the rest of one that was read in part, or another; None if up to date."""
    collected_until = before.collected_until if before else now - FIRST
    if collected_until >= now:
        return None
    since = collected_until - OVERLAP
    if before and before.window_until:
        return _Window(log_group, since, before.window_until, before.next_token)
    return _Window(log_group, since, min(now, collected_until + STEP), None)
