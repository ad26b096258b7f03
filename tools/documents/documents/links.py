"""Links of the OpenAPI document: which operations take what an answer names.

One rule makes them all. An answer is linked to every operation whose path it can fill: by its own properties,
by those of the first item of its lists, and otherwise by the parameters of the path that was asked. Its ETag
is what changes of the same path ask for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from documents.responses import PATH_PARAMETER

type _Json = Mapping[str, Any]

#: Not in any answer: these are sent by e-mail. A session's token happens to have the same name.
_SECRET: Final = frozenset({"token"})
#: Parameters that answers call something else.
_SYNONYMS: Final = {"customer_id": "user_id"}
_REFERENCE: Final = "#/components/links/{name}"


@dataclass(frozen=True, slots=True)
class _Target:
    """An operation whose path has parameters.

    Attributes
    ----------
    guarded : bool
        Whether it takes ``If-Match``.
    """

    name: str
    path: str
    parameters: list[str]
    guarded: bool


def add_links(document: dict[str, Any]) -> None:
    """Link the successful answers of a document; equal links are one component."""
    shared: dict[str, Any] = {}
    targets = list(_targets(document))
    for path, methods in document["paths"].items():
        asked = {name: f"$request.path.{name}" for name in PATH_PARAMETER.findall(path)}
        for operation in methods.values():
            identified = _identified(document, operation["tags"])
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get("application/json", {}).get("schema")
                if status >= "300" or schema is None:
                    continue
                named = dict(_named(document, schema, identified))
                tagged = path if "ETag" in answer["headers"] else None
                links = dict(_links(targets, named, asked, tagged))
                if links:
                    answer["links"] = {
                        link["operationId"]: {"$ref": _REFERENCE.format(name=name)}
                        for name, link in links.items()
                    }
                    shared |= links
    document["components"]["links"] = dict(sorted(shared.items()))


def _targets(document: _Json) -> Iterator[_Target]:
    for path, methods in document["paths"].items():
        parameters = PATH_PARAMETER.findall(path)
        for operation in methods.values() if parameters else ():
            guarded = any(each["name"] == "If-Match" for each in operation["parameters"])
            yield _Target(operation["operationId"], path, parameters, guarded)


def _identified(document: _Json, tags: list[str]) -> str | None:
    """Return what a service means by ``id``: what its paths identify, if that is one kind of thing."""
    names = {
        name
        for path, methods in document["paths"].items()
        if any(operation["tags"] == tags for operation in methods.values())
        for name in PATH_PARAMETER.findall(path)
        if name.endswith("_id")
    }
    return names.pop() if len(names) == 1 else None


def _links(
    targets: list[_Target], named: Mapping[str, str], asked: Mapping[str, str], tagged: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the links of an answer by the names of their components.

    Parameters
    ----------
    named, asked : mapping
        Where the answer and the request's path have values of parameters.
    tagged : str or None
        The path that the answer's ETag is about.
    """
    known = {**asked, **named}
    for target in targets:
        if known.keys() >= {*target.parameters} and named.keys() & {*target.parameters}:
            values = {name: known[name] for name in target.parameters}
            if target.guarded and target.path == tagged:
                values["If-Match"] = "$response.header.ETag"
            sources = (re.findall(r"\w+", value)[1:] for value in values.values())
            title = ".".join([target.name, *(step for source in sources for step in source)])
            yield title, {"operationId": target.name, "parameters": values}


def _named(document: _Json, schema: _Json, identified: str | None) -> Iterator[tuple[str, str]]:
    """Give names, and where a body has their values; what is last wins, which is the body's own."""
    properties = _properties(document, schema)
    for name, kind in properties.items():
        if "items" in kind:
            for parameter, field in _fields(_properties(document, kind["items"]), identified):
                yield parameter, f"$response.body#/{name}/0/{field}"
    for parameter, field in _fields(properties, identified):
        yield parameter, f"$response.body#/{field}"


def _fields(properties: _Json, identified: str | None) -> Iterator[tuple[str, str]]:
    for name in properties:
        if name not in _SECRET:
            yield name, name
    for parameter, name in _SYNONYMS.items():
        if name in properties:
            yield parameter, name
    if identified and "id" in properties:
        yield identified, "id"


def _properties(document: _Json, schema: _Json) -> _Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: _Json = schema.get("properties", {})
    return found
