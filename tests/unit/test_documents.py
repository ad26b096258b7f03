"""The generated documents are those of this code."""

import json
from collections.abc import Iterator
from typing import Any

from documents.files import ASYNCAPI, OPENAPI, contents, stale
from shop_local.functions import declared
from shop_local.paths import CHECKOUT
from tests.support import contract


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
