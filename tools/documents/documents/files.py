"""The generated files, by their paths in the checkout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from documents import asyncapi, bruno, client, openapi, pages
from documents.handlers import Function
from documents.observability import cloudwatch, grafana

#: The function that serves the document carries it; docs/openapi.json links there.
OPENAPI: Final = Path("functions/platform/get_openapi/openapi.json")
ASYNCAPI: Final = Path("docs/asyncapi.json")
#: The document of the last release, with which this one is compared.
RELEASED: Final = Path("docs/openapi.released.json")
#: The typed client of the laptop's programs and of the tests.
CLIENT: Final = Path("infra/local/shop_local/api")
#: A collection of requests for Bruno, one folder a service.
BRUNO: Final = Path("docs/bruno")
OBSERVABILITY: Final = Path("infra/observability.yaml")
GRAFANA: Final = Path("infra/grafana")


def contents(checkout: Path, functions: Sequence[Function]) -> dict[Path, str]:
    """Return what each generated file should hold.

    Parameters
    ----------
    checkout : Path
        Folder with the pages, the sample events and the tests.
    functions : sequence of Function
        What the template declares, in its order.
    """
    contract = openapi.document(checkout, functions)
    return {
        OPENAPI: _json(contract),
        CLIENT / "models.py": client.models(contract),
        CLIENT / "operations.py": client.operations(contract),
        **{BRUNO / name: text for name, text in bruno.files(contract).items()},
        ASYNCAPI: _json(asyncapi.document()),
        OBSERVABILITY: cloudwatch.template(),
        **{GRAFANA / name: text for name, text in grafana.files().items()},
    } | pages.render(checkout, functions)


def release(checkout: Path) -> None:
    """Make the present OpenAPI document the one of the last release; it needs no examples."""
    document = json.loads((checkout / OPENAPI).read_text())
    (checkout / RELEASED).write_text(_json(_without_examples(document)))


def _without_examples(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_examples(value) for value in node]
    if not isinstance(node, dict):
        return node
    shows = "schema" in node
    return {
        name: _without_examples(value)
        for name, value in node.items()
        if not (shows and name == "example")
    }


def stale(checkout: Path, fresh: dict[Path, str]) -> list[Path]:
    """List the files of the checkout that do not hold this."""
    return [
        path
        for path, text in fresh.items()
        if not (checkout / path).exists() or (checkout / path).read_text() != text
    ]


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
