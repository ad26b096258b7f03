"""Builds the tree of an order: request, function, state machine, tasks, events, consumers, e-mails."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from shop.domain.costs import Kind, exactly, total
from shop.domain.money import to_decimal
from shop.services.finance.allocation import OrderItem
from shop_local.trace.sources import Recorded, Request, Sources

#: Messages of log lines that are shown as steps of their invocation.
_STEPS = (
    "order moved",
    "stock confirmed",
    "e-mail sent",
    "e-mail refused",
    "message dead-lettered",
)


class Node(msgspec.Struct):
    """One line of the tree.

    Attributes
    ----------
    kind : str
        ``order``, ``session``, ``request``, ``function``, ``state machine``, ``event`` or ``step``.
    duration_ms : Decimal or None
        Billed, for functions and executions.
    amount : Decimal or None
        The order's share of its own cost, without its children's.
    """

    kind: str
    name: str
    at: datetime
    detail: str = ""
    duration_ms: Decimal | None = None
    amount: Decimal | None = None
    children: list["Node"] = []


class Story(msgspec.Struct):
    """An order's tree and its sums; `total` is exactly the sum of the nodes' amounts."""

    order_id: str
    correlation_id: str
    total: Decimal
    complete: bool
    timeline: list[tuple[datetime, str]]
    tree: Node


def tell(sources: Sources) -> Story:
    """Build the story of an order."""
    order = sources.order
    builder = _Builder(sources)
    currency = order["currency"].strip()
    root = Node(
        "order",
        f"order {order['id']}",
        min((each.at for each in sources.requests), default=order["created_at"]),
        f"{order['status']}  {to_decimal(order['total_minor'], currency):,} {currency}",
        children=builder.top(),
    )
    return Story(
        str(order["id"]),
        str(order["correlation_id"]),
        sources.cost.total,
        sources.cost.complete,
        [(entry["occurred_at"], entry["status"]) for entry in sources.timeline],
        root,
    )


class _Builder:
    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._requests = {each.request_id: each for each in sources.requests}
        self._events = {str(each.event_id): each for each in sources.events}
        self._told: set[str] = set()

    def top(self) -> list[Node]:
        """Give what begins by itself: requests of clients and of the payment provider, and schedules."""
        answers = {
            each.invocation_id: each for each in self._sources.requests if each.invocation_id
        }
        session = [each for each in answers.values() if self._is_of_session(each)]
        nodes = []
        if session:
            children = [self._request(each) for each in session]
            detail = f"{len(session)} requests of the same user before the order"
            nodes.append(Node("session", "session", session[0].at, detail, children=children))
        nodes += [self._request(each) for each in answers.values() if each not in session]
        # Consumers and tasks of what could not be linked, and schedules.
        for each in self._sources.requests:
            if each.request_id not in self._told:
                nodes.append(self._invocation(each))
        for event in self._sources.events:
            if str(event.event_id) not in self._told:
                nodes.append(self._event(event))
        return sorted(nodes, key=lambda node: node.at)

    def _is_of_session(self, request: Request) -> bool:
        items = self._items(request.request_id)
        return bool(items) and all(not item.line.order_ids for item in items)

    def _items(self, request_id: str) -> list[OrderItem]:
        return [item for item in self._sources.cost.items if item.line.request_id == request_id]

    def _request(self, request: Request) -> Node:
        self._told.add(request.request_id)
        node = Node(
            "request", request.route or "request", request.at, str(request.status or ""),
            amount=_sum(self._items(request.request_id)),
        )  # fmt: skip
        if invocation := self._requests.get(request.invocation_id or ""):
            node = msgspec.structs.replace(node, children=[self._invocation(invocation)])
        return node

    def _invocation(self, request: Request) -> Node:
        self._told.add(request.request_id)
        items = self._items(request.request_id)
        machine = [item for item in items if item.line.kind.startswith("express_")]
        own = [item for item in items if item not in machine]
        billed = next((item for item in own if item.line.kind == Kind.LAMBDA_DURATION), None)
        details = ["cold" if billed and billed.line.cold_start else "", self._outcome(request)]
        if any(item.shared_by > 1 for item in own):
            details.append(f"shared by {max(item.shared_by for item in own)} orders")
        children = list(self._machine(request, machine)) if machine else []
        children += self._steps(request.request_id)
        return Node(
            "function",
            request.function or "an unknown function",
            request.at,
            ", ".join(filter(None, details)),
            billed.line.duration_ms if billed else None,
            _sum(own),
            sorted(children, key=lambda node: node.at),
        )

    def _outcome(self, request: Request) -> str:
        return "" if request.outcome in (None, "done", "success") else str(request.outcome)

    def _machine(self, request: Request, items: list[OrderItem]) -> Iterator[Node]:
        tasks = [self._requests[task] for task in self._tasks() if task not in self._told]
        duration = next(
            (item.line.duration_ms for item in items if item.line.duration_ms is not None), None
        )
        yield Node(
            "state machine",
            f"state machine {items[0].line.name}",
            min((task.at for task in tasks), default=request.at),
            "",
            duration,
            _sum(items),
            [self._invocation(task) for task in tasks],
        )

    def _tasks(self) -> list[str]:
        found = [
            line["function_request_id"]
            for line in self._sources.lines
            if line.get("message") == "invocation" and line.get("kind") == "task"
        ]
        known = [each for each in dict.fromkeys(found) if each in self._requests]
        return sorted(known, key=lambda each: self._requests[each].at)

    def _steps(self, request_id: str) -> Iterator[Node]:
        for line in self._sources.lines:
            if line["function_request_id"] != request_id:
                continue
            at = datetime.fromisoformat(line["timestamp"])
            if line.get("message") == "event recorded":
                event = self._events.get(line["event_id"]) or Recorded(
                    line["event_id"], line["event_type"], at, None
                )
                if str(event.event_id) not in self._told:
                    yield self._event(event)
            elif line.get("message") in _STEPS:
                detail = " ".join(str(line[key]) for key in ("status", "kind") if line.get(key))
                yield Node("step", line["message"], at, detail)

    def _event(self, event: Recorded) -> Node:
        self._told.add(str(event.event_id))
        if event.published_at:
            waited = (event.published_at - event.occurred_at).total_seconds() * 1000
            detail = f"published after {waited:.0f} ms"
        else:
            detail = "not published" if str(event.event_id) in self._events else ""
        consumers = [self._requests[each] for each in self._consumers(event)]
        return Node(
            "event",
            f"event {event.event_type}",
            event.occurred_at,
            detail,
            children=[self._invocation(each) for each in consumers if each.request_id not in self._told],
        )  # fmt: skip

    def _consumers(self, event: Recorded) -> list[str]:
        """Find the invocations that consumed an event; those that take batches name no event."""
        found = [
            line["function_request_id"]
            for line in self._sources.lines
            if str(line.get("queue", "")).endswith(f".{event.event_type}")
            and line.get("event_id", str(event.event_id)) == str(event.event_id)
            and datetime.fromisoformat(line["timestamp"]) >= event.occurred_at
            and (line.get("event_id") or line.get("kind") == "consumer")
        ]
        return [each for each in dict.fromkeys(found) if each in self._requests]


def amounts(node: Node) -> Decimal:
    """Add up a node and everything below it."""
    with exactly():
        return (node.amount or Decimal(0)) + sum(map(amounts, node.children), Decimal(0))


def _sum(items: list[OrderItem]) -> Decimal:
    return total(item.amount for item in items)
