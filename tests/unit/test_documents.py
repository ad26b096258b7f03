"""The generated documents are those of this code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from documents.files import ASYNCAPI, BRUNO, OPENAPI, contents, stale
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


def test_the_contract_is_openapi_3_1() -> None:
    document = contract.document()
    assert document["openapi"].startswith("3.1.")
    problems = OpenAPIV31SpecValidator(document).iter_errors()
    assert [f"{list(error.absolute_path)}: {error.message:.200}" for error in problems] == []


def test_examples_are_of_their_schemas() -> None:
    samples = list(_with_example(contract.document()["paths"]))
    assert len(samples) > 100
    for sample in samples:
        contract.validator(sample["schema"]).validate(sample["example"])


def test_every_operation_shows_a_request_and_an_answer() -> None:
    """But for pages, and the answer that is the document itself."""
    document = contract.document()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            said = f"{method} {path}"
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" or parameter.get("required"):
                    assert "example" in parameter.get("content", {}).get(
                        "application/json", parameter
                    ), f"{said}: {parameter['name']}"
            if "requestBody" in operation:
                assert list(_with_example(operation["requestBody"])), said
            shown = [
                media_type
                for status, answer in operation["responses"].items()
                if status < "300"
                for name, media_type in answer.get("content", {}).items()
                if name != "text/html" and operation["operationId"] != "platform_get_openapi"
            ]
            assert not shown or any("example" in media_type for media_type in shown), said


def test_the_bruno_collection_has_a_request_for_every_operation_and_nothing_else() -> None:
    folder = CHECKOUT / BRUNO
    requests = {
        str(path.relative_to(folder)).replace("/", "_").removesuffix(".bru"): path.read_text()
        for path in folder.rglob("*.bru")
        if path.parent.name != "environments"
    }
    described = {
        operation["operationId"]: (method, path)
        for path, methods in contract.document()["paths"].items()
        for method, operation in methods.items()
    }
    assert set(requests) == set(described)
    for name, (method, path) in described.items():
        address = re.sub(r"{(\w+)}", r":\1", path)
        assert f"\n{method} {{\n  url: {{{{base_url}}}}{address}\n" in requests[name]
        assert requests[name].count("{\n") >= 3


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


def _with_example(node: object) -> Iterator[dict[str, Any]]:
    """Find media types and parameters that have an example."""
    if isinstance(node, dict):
        if "example" in node and "schema" in node:
            yield node
        for name, value in node.items():
            if name != "example":
                yield from _with_example(value)
    if isinstance(node, list):
        for value in node:
            yield from _with_example(value)


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
