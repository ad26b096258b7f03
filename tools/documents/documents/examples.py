"""The recorded answers to the sample events, for the examples of the OpenAPI document."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

#: One file an endpoint, ``<service>/<function>.json``.
FOLDER: Final = Path("docs/examples")
#: Endpoints whose answers are pages, or the document itself.
NOT_SHOWN: Final = frozenset({"finance/get_report", "platform/get_docs", "platform/get_openapi"})


@dataclass(frozen=True, slots=True)
class Example:
    """A successful answer.

    Attributes
    ----------
    body : Any
        JSON, the text of another media type, or None: empty or not shown.
    """

    status: int
    body: Any

    @classmethod
    def of(cls, file: Path) -> Self | None:
        """Read a file; None if it is missing, as until the answer of a new endpoint is recorded."""
        return cls(**json.loads(file.read_text())) if file.exists() else None

    def text(self) -> str:
        """Return the content of its file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
