"""The generated files, by their paths in the checkout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from documents import asyncapi, openapi, pages
from documents.handlers import Function

#: The function that serves the document carries it; docs/openapi.json links there.
OPENAPI: Final = Path("functions/platform/get_openapi/openapi.json")
ASYNCAPI: Final = Path("docs/asyncapi.json")


def contents(checkout: Path, functions: Sequence[Function]) -> dict[Path, str]:
    """Return what each generated file should hold.

    Parameters
    ----------
    checkout : Path
        Folder with the pages, the sample events and the tests.
    functions : sequence of Function
        What the template declares, in its order.
    """
    return {
        OPENAPI: _json(openapi.document(checkout, functions)),
        ASYNCAPI: _json(asyncapi.document()),
    } | pages.render(checkout, functions)


def stale(checkout: Path, fresh: dict[Path, str]) -> list[Path]:
    """List the files of the checkout that do not hold this."""
    return [
        path
        for path, text in fresh.items()
        if not (checkout / path).exists() or (checkout / path).read_text() != text
    ]


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
