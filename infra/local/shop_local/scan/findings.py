"""What Wapiti has found, less what was reviewed and is accepted."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Finding:
    """A vulnerability, or an answer that a scanner takes for a sign of one.

    Attributes
    ----------
    category : str
        Wapiti's name of the kind.
    """

    category: str
    method: str
    path: str
    parameter: str
    text: str

    def __str__(self) -> str:
        where = f" ({self.parameter})" if self.parameter else ""
        return f"{self.category}: {self.method} {self.path}{where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A kind of finding that was reviewed, and why it stands."""

    category: str
    methods: frozenset[str]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is of this kind."""
        return finding.category == self.category and finding.method in self.methods


#: Each entry is a decision; it names as little as it can.
ACCEPTED: Final = (
    Accepted(
        "Htaccess Bypass", frozenset({"ABC"}),
        "No route has the method ABC: API Gateway answers 404 and calls no function, which Wapiti takes for"
        " access, as GET is answered with 401 or 403.",
    ),
    Accepted(
        "Spring4Shell", frozenset({"GET", "POST", "PUT", "PATCH"}),
        "Unknown parameters and fields are refused with 400, which Wapiti takes for Spring's class loader;"
        " no Java runs behind the API.",
    ),
)  # fmt: skip
_SERVER_ERROR: Final = re.compile(r": ([A-Z]+) (\S+) => (5\d\d)")


def found(report: Mapping[str, Any]) -> Iterator[Finding]:
    """Give the findings of a report (Wapiti's JSON); ``additionals`` are no findings but observations."""
    for kind in ("vulnerabilities", "anomalies"):
        for category, each in report[kind].items():
            for item in each:
                yield Finding(
                    category, item["method"], item["path"], item["parameter"] or "", item["info"]
                )


def server_errors(log: str) -> Iterator[Finding]:
    """Give the requests that the API's log says were answered with 5xx: Wapiti reports few of them."""
    for method, path, status in _SERVER_ERROR.findall(log):
        yield Finding("Server Error", method, path, "", f"answered with {status}")


def reason(finding: Finding) -> str | None:
    """Return why a finding is accepted, or None if it is not."""
    return next((each.reason for each in ACCEPTED if each.covers(finding)), None)
