"""The generated documents are those of this code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from documents.files import ASYNCAPI, OPENAPI, contents, stale
from shop_local.functions import declared
from shop_local.paths import CHECKOUT
from tests.support import contract

_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
PAGES: Final = sorted(
    path
    for pattern in ("*.md", "bench/*.md", "docs/**/*.md", "tools/*/*.md")
    for path in CHECKOUT.glob(pattern)
)


def test_generated_documents_are_up_to_date() -> None:
    assert stale(CHECKOUT, contents(CHECKOUT, declared())) == [], "run `make docs`"


def test_the_contract_describes_every_route_and_resolves() -> None:
    document = json.loads((CHECKOUT / OPENAPI).read_text())
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert described == {function.route for function in declared() if function.route}
    for path in (OPENAPI, ASYNCAPI):
        root = json.loads((CHECKOUT / path).read_text())
        for reference in _references(root):
            node = root
            for step in reference.removeprefix("#/").split("/"):
                node = node[step]
            assert node


def test_samples_are_what_they_are_samples_of() -> None:
    samples = list(_media_types(contract.document()["paths"]))
    assert len(samples) > 10
    for media_type in samples:
        contract.validator(media_type["schema"]).validate(media_type["example"])


def test_the_documentation_links_to_the_contract() -> None:
    assert (CHECKOUT / "docs/openapi.json").resolve() == (CHECKOUT / OPENAPI).resolve()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = [link for link in _LINK.findall(page.read_text()) if not re.match(r"\w+:", link)]
    broken = []
    for target in targets:
        path, _, heading = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (heading and heading not in _anchors(file)):
            broken.append(target)
    assert broken == []


def _anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _media_types(node: object) -> Iterator[dict[str, Any]]:
    """Find those that have an example."""
    if isinstance(node, dict):
        if "example" in node:
            yield node
        for value in node.values():
            yield from _media_types(value)


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
