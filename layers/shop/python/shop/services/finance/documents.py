"""What log events say about costs: reports of AWS, requests to API Gateway, and the shop's own lines.

Each event is read by itself, so their order does not matter. A report is enough for an invocation's cost; our
lines say which orders it was about.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from shop.domain.costs import (
    EXACT,
    GB_PER_BYTE,
    Architecture,
    CostItem,
    CostRequest,
    Kind,
    PriceList,
    times,
)
from shop.domain.flows import FLOWS, SCHEDULED
from shop.services.finance.log_lines import Access, Line, PlatformReport, decoded, request_of
from shop.services.finance.log_streams import function_of, titled
from shop.services.finance.ports import LogEvent, LoggedBytes, Page

_log = logging.getLogger(__name__)

#: CloudWatch Logs bills each event as its message in UTF-8 and 26 bytes more.
EVENT_OVERHEAD_BYTES: Final = 26
#: Megabyte-milliseconds of a GB-second.
_GB_SECOND: Final = Decimal(1024 * 1000)
#: The steps in which Step Functions bills memory and duration of Express executions.
_EXPRESS_MEMORY_MB: Final = 64
_EXPRESS_DURATION_MS: Final = 100
#: How a report's status ends an invocation; "error" says less than the line that was written before it.
_ENDS: Final = frozenset({"timeout", "failure"})
_ONE: Final = Decimal(1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Documents:
    """Reads log events at the prices of a list.

    Parameters
    ----------
    prices : PriceList
        A price that is needed and not there raises `shop.domain.costs.PriceMissing`.
    architecture : {"x86_64", "arm64"}
        On which the functions run; reports do not say it.
    """

    def __init__(self, prices: PriceList, architecture: Architecture) -> None:
        self._prices = prices
        self._architecture = architecture

    def read(self, events: Iterable[LogEvent]) -> Page:
        """Read events, in any order."""
        logged: list[LoggedBytes] = []
        requests: list[CostRequest] = []
        items: list[CostItem] = []
        for event in events:
            for found in self._event(event):
                match found:
                    case LoggedBytes():
                        logged.append(found)
                    case CostRequest():
                        requests.append(found)
                    case CostItem():
                        items.append(found)
        return Page(logged, requests, items)

    def _event(self, event: LogEvent) -> Iterator[LoggedBytes | CostRequest | CostItem]:
        document = decoded(event.message)
        try:
            found = list(self._understood(event, document))
        except msgspec.ValidationError as error:
            about = {"event_id": event.event_id, "detail": str(error)}
            _log.error("log event not understood", extra=about)
            found = []
        # What an environment logs outside of an invocation is added up by the hour.
        hour = f"stream:{event.stream}:{event.timestamp:%Y-%m-%dT%H}"
        request_id = request_of(document) or hour
        yield from found or [
            _named(CostRequest(request_id, event.timestamp), function_of(event.stream))
        ]
        yield self._bytes(event, request_id)

    def _understood(
        self, event: LogEvent, document: dict[str, Any]
    ) -> Iterator[CostRequest | CostItem]:
        match document.get("type"):
            case "platform.report":
                report = msgspec.convert(document, PlatformReport)
                yield from self._report(report, event.stream)
            case "api.access":
                yield from self._access(msgspec.convert(document, Access, strict=False))
            case _ if "function_request_id" in document:
                yield from self._line(event, msgspec.convert(document, Line))

    def _report(self, report: PlatformReport, stream: str) -> Iterator[CostRequest | CostItem]:
        function = function_of(stream)
        record, metrics = report.record, report.record.metrics
        request = CostRequest(record.request_id, report.time)
        if record.status in _ENDS:
            request = request._replace(outcome=record.status, outcome_at=report.time)
        elif record.status != "success":
            request = request._replace(outcome=record.status, outcome_at=_EPOCH)
        yield _named(request, function)
        about: dict[str, Any] = {
            "cold_start": metrics.init_duration is not None,
            "duration_ms": metrics.billed_duration,
            "memory_mb": metrics.memory_size,
            "init_ms": metrics.init_duration,
            "architecture": self._architecture,
        }
        gb_seconds = _gb_seconds(metrics.memory_size, metrics.billed_duration)
        when = report.time
        for kind, quantity in (
            (Kind.LAMBDA_DURATION, gb_seconds),
            (Kind.LAMBDA_REQUEST, _ONE),
        ):
            # A retry by Lambda repeats the request id.
            item_id = f"{record.request_id}:{kind}:{_stamp(when)}"
            item = self._item(
                item_id,
                kind,
                request_id=record.request_id,
                name=function or stream,
                at=when,
                quantity=quantity,
            )
            yield item._replace(**about)
        if function in SCHEDULED:
            yield self._scheduled(record.request_id, function, when)
        if record.tracing and (trace := record.tracing.recorded):
            # Billed once, however many invocations it contains: the first that is read has it.
            yield self._item(
                f"{trace}:{Kind.XRAY_TRACE}",
                Kind.XRAY_TRACE,
                request_id=record.request_id,
                name=function or stream,
                at=when,
            )

    def _access(self, access: Access) -> Iterator[CostRequest | CostItem]:
        at = _EPOCH + timedelta(milliseconds=int(access.time))
        invocation = access.integration_request_id.strip("-")
        route = f"{access.method} {access.resource_path}".strip()
        yield CostRequest(
            access.request_id,
            at,
            invocation_id=invocation or None,
            route=route,
            status=int(access.status),
            # A request that no function answered; where one did, its own row says more.
            service=None if invocation else "api",
            flow=None if invocation else "platform",
        )
        item_id = f"{access.request_id}:{Kind.API_REQUEST}"
        yield self._item(item_id, Kind.API_REQUEST, request_id=access.request_id, name=route, at=at)

    def _line(self, event: LogEvent, line: Line) -> Iterator[CostRequest | CostItem]:
        request_id, at = line.function_request_id, event.timestamp
        function = titled(line.function_name) if line.function_name else function_of(event.stream)
        orders = {line.order_id, *line.order_ids} - {None}
        request = CostRequest(
            request_id,
            at,
            order_ids=tuple(sorted(order for order in orders if order is not None)),
            correlation_id=line.correlation_id,
            user_id=line.user_id,
        )
        if line.message == "invocation":
            request = request._replace(
                route=line.route or line.queue or line.step,
                status=line.status if isinstance(line.status, int) else None,
                outcome=line.outcome,
                outcome_at=at,
                redelivered=line.redelivered > 0,
            )
            if line.request_id:
                yield CostRequest(line.request_id, at, invocation_id=request_id)
            if line.kind == "schedule" and function not in SCHEDULED:
                yield self._scheduled(request_id, function or event.stream, at)
        yield _named(request, function)
        if line.message == "execution":
            yield from self._execution(line, at)
        elif line.message == "e-mail sent":
            item_id = f"{request_id}:{Kind.EMAIL}:{line.message_id or line.order_id}"
            name = function or event.stream
            yield self._item(item_id, Kind.EMAIL, request_id=request_id, name=name, at=at)
        elif line.message == "secrets read":
            yield from self._secrets(event, line, function or event.stream)

    def _execution(self, line: Line, at: datetime) -> Iterator[CostItem]:
        if line.billed_duration_ms is None or line.billed_memory_mb is None:
            raise msgspec.ValidationError("an execution without its billing details")
        memory = _rounded_up(line.billed_memory_mb, _EXPRESS_MEMORY_MB)
        duration = Decimal(_rounded_up(line.billed_duration_ms, _EXPRESS_DURATION_MS))
        for kind, quantity in (
            (Kind.EXPRESS_REQUEST, _ONE),
            (Kind.EXPRESS_DURATION, _gb_seconds(memory, duration)),
        ):
            item_id = f"{line.function_request_id}:{kind}:{_stamp(at)}"
            item = self._item(
                item_id,
                kind,
                request_id=line.function_request_id,
                name=line.state_machine,
                at=at,
                quantity=quantity,
            )
            yield item._replace(duration_ms=duration, memory_mb=memory)

    def _secrets(self, event: LogEvent, line: Line, name: str) -> Iterator[CostItem]:
        # Secrets Manager decrypts with the shop's own key, which KMS bills by the request.
        for kind in (Kind.SECRET_REQUEST, Kind.KMS_REQUEST):
            yield self._item(
                f"{event.event_id}:{kind}",
                kind,
                request_id=line.function_request_id,
                name=name,
                at=event.timestamp,
                quantity=Decimal(line.secret_requests),
            )

    def _scheduled(self, request_id: str, function: str, at: datetime) -> CostItem:
        item_id = f"{request_id}:{Kind.SCHEDULE}"
        return self._item(item_id, Kind.SCHEDULE, request_id=request_id, name=function, at=at)

    def _bytes(self, event: LogEvent, request_id: str) -> LoggedBytes:
        size = len(event.message.encode()) + EVENT_OVERHEAD_BYTES
        item_id = f"{request_id}:{Kind.LOG_BYTES}"
        item = self._item(
            item_id,
            Kind.LOG_BYTES,
            request_id=request_id,
            name=function_of(event.stream) or event.stream,
            at=event.timestamp,
            quantity=times(Decimal(size), GB_PER_BYTE),
        )
        return LoggedBytes(event.event_id, item)

    def _item(
        self,
        item_id: str,
        kind: Kind,
        *,
        request_id: str,
        name: str,
        at: datetime,
        quantity: Decimal = _ONE,
    ) -> CostItem:
        price = self._prices.price(kind.price_key(self._architecture))
        return CostItem(
            item_id=item_id,
            request_id=request_id,
            kind=kind,
            name=name,
            at=at,
            quantity=quantity,
            unit=price.unit,
            unit_price=price.amount,
            amount=times(quantity, price.amount),
            currency=price.currency,
            price_version=self._prices.version,
        )


def _named(request: CostRequest, function: str | None) -> CostRequest:
    """Add a function and what follows from it; one that is not known keeps its physical name."""
    if function is None:
        return request
    flow = FLOWS.get(function)
    service = function.partition("/")[0] if flow else None
    return request._replace(function=function, service=service, flow=flow and str(flow))


def _gb_seconds(memory_mb: int, milliseconds: Decimal) -> Decimal:
    return EXACT.divide(times(Decimal(memory_mb), milliseconds), _GB_SECOND)


def _rounded_up(value: int, step: int) -> int:
    return -(-value // step) * step


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
