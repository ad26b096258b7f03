"""The log lines that say something about costs, as far as it matters."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

#: Numbers stay as they are written: durations are decimals.
_decoder: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class Metrics(Struct):
    """What AWS bills for an invocation; the billed duration contains INIT."""

    billed_duration: Decimal = msgspec.field(name="billedDurationMs")
    memory_size: int = msgspec.field(name="memorySizeMB")
    init_duration: Decimal | None = msgspec.field(name="initDurationMs", default=None)


class Tracing(Struct):
    """The trace of an invocation: ``Root=1-…;Parent=…;Sampled=1``."""

    value: str = ""

    @property
    def recorded(self) -> str | None:
        """The id of the trace; None if X-Ray does not record it."""
        fields = dict(part.strip().split("=", 1) for part in self.value.split(";") if "=" in part)
        return fields.get("Root") if fields.get("Sampled") == "1" else None


class Report(Struct, rename="camel"):
    """The record of a `PlatformReport`."""

    request_id: str
    metrics: Metrics
    status: str = "success"
    tracing: Tracing | None = None


class PlatformReport(Struct):
    """Lambda's report of an invocation, with or without a line of ours."""

    time: datetime
    record: Report


class Access(Struct, rename="camel"):
    """A line of API Gateway's access log."""

    request_id: str
    method: str
    status: str | int
    time: int | str
    resource_path: str = ""
    integration_request_id: str = ""


class Line(Struct):
    """A line of the shop's own; what it lacks is not said."""

    function_request_id: str
    function_name: str = ""
    message: Any = None
    kind: str | None = None
    route: str | None = None
    queue: str | None = None
    schedule: str | None = None
    step: str | None = None
    outcome: str | None = None
    #: Of a response; other lines name the status of an order.
    status: int | str | None = None
    request_id: str | None = None
    order_id: UUID | None = None
    order_ids: tuple[UUID, ...] = ()
    correlation_id: UUID | None = None
    user_id: UUID | None = None
    redelivered: int | bool = 0
    message_id: str | None = None
    state_machine: str = "checkout"
    billed_duration_ms: int | None = None
    billed_memory_mb: int | None = None
    secret_requests: int = 0


def decoded(message: str) -> dict[str, Any]:
    """Give the JSON object of a message; empty if it is none, as what a crash of the runtime prints."""
    try:
        return _decoder.decode(message)
    except msgspec.DecodeError:
        return {}


def request_of(document: dict[str, Any]) -> str | None:
    """Give the id of the invocation, or of the request to API Gateway, to which a document belongs."""
    record = document.get("record")
    holders = (document, record if isinstance(record, dict) else {})
    for holder in holders:
        for field in ("function_request_id", "requestId"):
            if isinstance(found := holder.get(field), str) and found:
                return found
    return None
