"""One walk past every endpoint: each sample of events/ is sent once, where it succeeds.

What the samples name (a product, an order, a link's token) has other ids in a shop that has just been
opened: `Walk.known` maps the samples' values to those of the shop. The answers are written with the samples'
values again, and with fixed ones for what differs from run to run, so that two walks answer alike.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from shop.domain.sessions import Role
from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT
from tests.support.gateway import Response, response
from tests.support.orders import OrderingShop
from tests.support.payments import signature

FUNCTIONS: Final = {function.title: function for function in declared() if function.route}

_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_TOKEN: Final = "kXw5vJmP0tq2Y9c1rZbN7uLhD3sFgA8eQoT6yVi4WxE"  # pragma: allowlist secret
_FIXED: Final = (
    (_TIME, "2026-01-15T09:30:00Z"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b(?!T)"), "2026-01-15"),
    (re.compile(r"(?<=\")[\w-]{43}(?=\")"), _TOKEN),
    (re.compile(r"\b(pi|re|ch|pm|evt)_(?!card)\w{8,}"), r"\1_3SIlocal0000000000000001"),
    (re.compile(r"\"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\""), '"7182-9304-1526"'),
    (re.compile(r"\"[0-9a-f]{16}\""), '"5be87bf7573ecc08"'),
    (re.compile(r"(?<=[\"=])[A-Z2-7]{32}(?=[\"&])"), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    (re.compile(r"\"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\""), '"mfrg-gzdf-mztw-q2lk"'),
    (re.compile(r"\binvocation-\d+\b"), "invocation-1"),
    (re.compile(r"(\"latency_ms\":) ?[\d.]+"), r"\1 1.5"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A sample that was sent, and its answer."""

    function: Function
    answer: Response
    example: Any


@dataclass(slots=True)
class Walk:
    """Sends samples, and remembers the answers.

    Attributes
    ----------
    known : dict
        Values of the samples, and what stands for them in this shop.
    tokens : dict
        A session of each role.
    steps : dict
        By function, in the order in which they were taken.
    """

    shop: OrderingShop
    known: dict[str, str] = field(default_factory=dict)
    tokens: dict[Role, str] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)

    def send(
        self, title: str, role: Role | None = None, *, without: str = "", **headers: str
    ) -> Any:
        """Send the sample of an endpoint, as somebody of this role; return the JSON of its answer.

        Parameters
        ----------
        without : str
            A header of the sample that is not sent.
        **headers : str
            Sent instead of the sample's, with ``_`` for ``-``.
        """
        text = (CHECKOUT / f"events/{title}.json").read_text()
        for value, here in self.known.items():
            text = text.replace(value, here)
        event = json.loads(text)
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            changed["Authorization"] = f"Bearer {self.tokens[role]}"
        if "Stripe-Signature" in event["headers"]:
            changed["Stripe-Signature"] = signature(event["body"])
        for name, value in changed.items():
            event["headers"][name] = value
            event["multiValueHeaders"][name] = [value]
        if without:
            del event["headers"][without], event["multiValueHeaders"][without]
        answer = response(self.shop.invoke(title, event))
        assert answer.status < 300, f"{title}: {answer.status} {answer.text}"
        is_json = answer.headers.get("content-type") == "application/json"
        fixed = self._fixed(answer.text)
        example = json.loads(fixed) if is_json else fixed or None
        self.steps[title] = Step(FUNCTIONS[title], answer, example)
        return answer.json if is_json else None

    def means(self, sample: str, here: str | UUID) -> None:
        """Let a value of the samples stand for one of this shop."""
        self.known[sample] = str(here)

    def _fixed(self, text: str) -> str:
        for sample, here in self.known.items():
            text = text.replace(here, sample)
        ids: dict[str, str] = {}

        def fixed_id(found: re.Match[str]) -> str:
            if found[0].startswith("0199e8a0-"):
                return found[0]
            return ids.setdefault(found[0], f"0199e8a0-9999-7000-8000-{len(ids) + 1:012}")

        text = _UUID.sub(fixed_id, text)
        for pattern, fixed in _FIXED:
            text = pattern.sub(fixed, text)
        return text
