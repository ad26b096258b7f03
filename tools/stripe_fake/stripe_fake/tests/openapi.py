"""Stripe's published OpenAPI document, and a check of answers and parameters against it.

The document comes with the source of `stripe-mock`, fetched from the Go module proxy (no build
needed) and kept in the checkout's cache. Only the part of JSON Schema that the document uses is
implemented; on top of it, members the document does not know are errors.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = "v0.203.0"
_MODULE = f"github.com/stripe/stripe-mock@{VERSION}"
_CACHE = Path(__file__).parents[4] / ".local" / "cache" / "stripe-openapi"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


class UnavailableError(Exception):
    """The document cannot be had here, with the reason."""


def document() -> dict[str, Any]:
    """Return Stripe's OpenAPI document, fetched on first use."""
    kept = _CACHE / f"{VERSION}.json"
    if not kept.exists():
        if shutil.which("go") is None:
            raise UnavailableError("no `go` on PATH to fetch stripe-mock's OpenAPI document with")
        fetched = subprocess.run(
            ["go", "mod", "download", "-json", _MODULE],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if fetched.returncode:
            raise UnavailableError(f"`go mod download {_MODULE}` failed: {fetched.stderr.strip()}")
        source = Path(json.loads(fetched.stdout)["Dir"]) / "embedded" / "openapi" / "spec3.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        shutil.copyfile(source, partial)
        partial.chmod(0o644)
        partial.replace(kept)
    return dict(json.loads(kept.read_text()))


class Checker:
    """Validates values against the document's schemas."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._schemas = spec["components"]["schemas"]

    def answer(self, method: str, path: str) -> dict[str, Any]:
        """Return the schema of an operation's successful answer."""
        operation = self._spec["paths"][path][method.lower()]
        return dict(operation["responses"]["200"]["content"]["application/json"]["schema"])

    def parameters(self, method: str, path: str) -> dict[str, Any]:
        """Return the parameters of an operation with their schemas."""
        operation = self._spec["paths"][path][method.lower()]
        if method == "GET":
            return {one["name"]: one["schema"] for one in operation["parameters"]}
        content = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
        return dict(content["schema"].get("properties", {}))

    def members(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        """Return the members of a parameter that is, or may be, an object with fixed ones."""
        found: dict[str, Any] = {}
        for branch in [schema, *schema.get("anyOf", [])]:
            found.update(branch.get("properties", {}))
        return found or None

    def problems(self, value: Any, schema: dict[str, Any], at: str = "$") -> Iterator[str]:
        """Yield what is wrong with a value."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield from self.problems(value, self._schemas[name], at)
        elif value is None:
            if not schema.get("nullable"):
                yield f"{at}: null is not allowed"
        elif "anyOf" in schema:
            yield from self._any(value, schema["anyOf"], at)
        elif "type" in schema:
            yield from self._typed(value, schema, at)

    def _any(self, value: Any, branches: list[dict[str, Any]], at: str) -> Iterator[str]:
        tried = [list(self.problems(value, branch, at)) for branch in branches]
        if not any(problems == [] for problems in tried):
            yield from min(tried, key=len)

    def _typed(self, value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
        kinds = _TYPES[schema["type"]]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield f"{at}: {value!r} is not of type {schema['type']}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is not one of {schema['enum']}"
        if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            yield f"{at}: longer than {schema['maxLength']} characters"
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.problems(item, schema["items"], f"{at}[{index}]")
        if isinstance(value, dict):
            yield from self._object(value, schema, at)

    def _object(self, value: dict[str, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}: {name} is missing"
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties", not known)
        for name, member in value.items():
            if name in known:
                yield from self.problems(member, known[name], f"{at}.{name}")
            elif isinstance(rest, dict):
                yield from self.problems(member, rest, f"{at}.{name}")
            elif not rest:
                yield f"{at}: {name} is unknown to Stripe"
