"""What breaks a client of the released OpenAPI document in a newer one.

A request that was valid must stay valid, and an answer must stay one that was promised. Both are the same
question about schemas, asked in opposite directions: is everything that one allows allowed by the other?
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

type _Schema = Mapping[str, Any]

_JSON: Final = "application/json"
#: The narrower of two schemas has the smaller (1) or the larger (-1) of these.
_BOUNDS: Final = {
    "minLength": -1, "maxLength": 1, "minimum": -1, "maximum": 1, "exclusiveMinimum": -1,
    "exclusiveMaximum": 1, "minItems": -1, "maxItems": 1,
}  # fmt: skip
_NAMES: Final = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
#: Keywords that narrow by themselves and are only compared for equality.
_EXACT: Final = ("pattern", "format")


def breaking(released: _Schema, current: _Schema) -> list[str]:
    """List what a client of the released document may stumble over, one sentence each."""
    found: list[str] = []
    for path, methods in released["paths"].items():
        for method, old in methods.items():
            where = f"{method.upper()} {path}"
            new = current["paths"].get(path, {}).get(method)
            if new is None:
                found.append(f"{where} is gone")
            else:
                compared = _Comparison(released, current)
                found += [f"{where}: {problem}" for problem in compared.operations(old, new)]
    return found


class _Comparison:
    """Compares an operation of two documents."""

    def __init__(self, released: _Schema, current: _Schema) -> None:
        self._old, self._new = released, current

    def operations(self, old: _Schema, new: _Schema) -> Iterator[str]:
        if _is_public(old) and not _is_public(new):
            yield "a session has become necessary"
        yield from self._parameters(old, new)
        yield from self._bodies(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])

    def _parameters(self, old: _Schema, new: _Schema) -> Iterator[str]:
        before, after = _parameters(old), _parameters(new)
        for key, parameter in before.items():
            name = " ".join(key)
            if key not in after:
                yield f"{name} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{name} has become required"
            yield from self._accepts(_schema_of(parameter), _schema_of(after[key]), name)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{' '.join(key)} is new and required"

    def _bodies(self, old: _Schema | None, new: _Schema | None) -> Iterator[str]:
        if new is None:
            if old is not None:
                yield "the body is gone"
            return
        if new["required"] and not (old and old["required"]):
            yield "the body has become required"
        for media_type, content in (old or {"content": {}})["content"].items():
            if media_type not in new["content"]:
                yield f"the body may no longer be {media_type}"
            else:
                schema = new["content"][media_type]["schema"]
                yield from self._accepts(content["schema"], schema, "body")

    def _answers(self, old: _Schema, new: _Schema) -> Iterator[str]:
        for status, answer in old.items():
            if status >= "400":
                continue
            if status not in new:
                yield f"status {status} is gone"
                continue
            for name in answer["headers"].keys() - new[status]["headers"].keys():
                yield f"{status} has lost the header {name}"
            content = new[status].get("content", {})
            for media_type, promised in answer.get("content", {}).items():
                if media_type not in content:
                    yield f"{status} is no longer {media_type}"
                else:
                    schema = content[media_type]["schema"]
                    yield from self._promises(promised["schema"], schema, str(status))
        before, after = self._codes(self._old, old), self._codes(self._new, new)
        for code in sorted(before.keys() & after.keys()):
            if before[code] != after[code]:
                yield f"{code} was {before[code]} and is {after[code]}"

    def _codes(self, document: _Schema, answers: _Schema) -> dict[str, str]:
        """Return the status of each problem code."""
        found = {}
        for status, answer in answers.items():
            content = _resolved(document, answer).get("content", {})
            problem = content.get("application/problem+json", {"schema": {}})["schema"]
            codes = problem.get("properties", {}).get("code", {}).get("enum", ())
            found.update(dict.fromkeys(codes, status))
        return found

    def _accepts(self, old: _Schema, new: _Schema, where: str) -> Iterator[str]:
        inside = _Containment(self._old, self._new, answers=False)
        yield from inside.problems(old, new, where)

    def _promises(self, old: _Schema, new: _Schema, where: str) -> Iterator[str]:
        inside = _Containment(self._new, self._old, answers=True)
        yield from inside.problems(new, old, where)


class _Containment:
    """Whether whatever a schema of one document allows is allowed by a schema of another.

    Parameters
    ----------
    answers : bool
        A new value of an enumeration then breaks nothing (clients must expect it), and a member that the
        narrow schema does not have any more does.
    """

    def __init__(self, narrow: _Schema, wide: _Schema, *, answers: bool) -> None:
        self._narrow, self._wide, self._answers = narrow, wide, answers
        self._seen: set[tuple[str, str]] = set()

    def problems(self, narrow: _Schema, wide: _Schema, where: str) -> Iterator[str]:
        pair = (narrow.get("$ref", ""), wide.get("$ref", ""))
        if all(pair):
            if pair in self._seen:
                return
            self._seen.add(pair)
        narrow, wide = _resolved(self._narrow, narrow), _resolved(self._wide, wide)
        if "anyOf" in narrow or "anyOf" in wide:
            yield from self._alternatives(_branches(narrow), _branches(wide), where)
            return
        yield from self._values(narrow, wide, where)
        if "items" in narrow and "items" in wide:
            yield from self.problems(narrow["items"], wide["items"], f"{where}[]")
        yield from self._members(narrow, wide, where)

    def _alternatives(
        self, narrow: list[_Schema], wide: list[_Schema], where: str
    ) -> Iterator[str]:
        for branch in narrow:
            seen = set(self._seen)
            tried = [list(self.problems(branch, other, where)) for other in wide]
            if [] not in tried:
                self._seen = seen
                yield from min(tried, key=len)

    def _values(self, narrow: _Schema, wide: _Schema, where: str) -> Iterator[str]:
        types, allowed = _types(narrow), _types(wide)
        if allowed and not (types and types <= allowed):
            yield self._changed(where, "type", sorted(types), sorted(allowed))
        values, known = _enumeration(narrow), _enumeration(wide)
        if known and not self._answers and not (values and all(v in known for v in values)):
            yield self._changed(where, "enum", values, known)
        for keyword, sign in _BOUNDS.items():
            own, bound = narrow.get(keyword), wide.get(keyword)
            if bound is not None and (own is None or (own - bound) * sign > 0):
                yield self._changed(where, keyword, own, bound)
        for keyword in _EXACT:
            if keyword in wide and narrow.get(keyword) != wide[keyword] and not values:
                yield self._changed(where, keyword, narrow.get(keyword), wide[keyword])

    def _changed(self, where: str, keyword: str, narrow: Any, wide: Any) -> str:
        old, new = (wide, narrow) if self._answers else (narrow, wide)
        return f"{where}: {keyword} was {old or 'none'} and is {new or 'none'}"

    def _members(self, narrow: _Schema, wide: _Schema, where: str) -> Iterator[str]:
        members, allowed = narrow.get("properties", {}), wide.get("properties", {})
        lost = allowed.keys() - members.keys() if self._answers else frozenset()
        for name in sorted(lost):
            yield f"{where}.{name} is gone"
        for name in wide.get("required", ()):
            if name not in lost and name not in narrow.get("required", ()):
                become = "may be missing" if self._answers else "has become required"
                yield f"{where}.{name} {become}"
        for name, schema in members.items():
            if name in allowed:
                yield from self.problems(schema, allowed[name], f"{where}.{name}")
            elif wide.get("additionalProperties") is False:
                yield f"{where}.{name} is {'new' if self._answers else 'gone'}"
        rest, other = narrow.get("additionalProperties"), wide.get("additionalProperties")
        if isinstance(rest, Mapping) and isinstance(other, Mapping):
            yield from self.problems(rest, other, f"{where}.*")


def _resolved(document: _Schema, node: _Schema) -> _Schema:
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    merged: dict[str, Any] = {**found, **node}
    del merged["$ref"]
    return merged


def _is_public(operation: _Schema) -> bool:
    security = operation.get("security", ())
    return not security or {} in security


def _parameters(operation: _Schema) -> dict[tuple[str, str], _Schema]:
    return {(each["in"], each["name"]): each for each in operation.get("parameters", ())}


def _schema_of(parameter: _Schema) -> _Schema:
    schema: _Schema = parameter.get("content", {}).get(_JSON, parameter)["schema"]
    return schema


def _branches(schema: _Schema) -> list[_Schema]:
    return list(schema.get("anyOf", [schema]))


def _types(schema: _Schema) -> set[str]:
    found = schema.get("type", ())
    types = {found} if isinstance(found, str) else {*found}
    types |= {_NAMES[type(value)] for value in _enumeration(schema) or ()}
    return types | {"integer"} if "number" in types else types


def _enumeration(schema: _Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values
