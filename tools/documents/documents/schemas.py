"""Turns msgspec's schemas of the contracts into those of the published document."""

import re
from typing import Any, Final

from shop.contracts.http.amounts import Amount

REF: Final = "#/components/schemas/{name}"
_SECTIONS: Final = re.compile(r"\n\n[A-Z]\w+\n---.*", re.DOTALL)


def of_ours(kind: type) -> dict[str, Any]:
    """Return the schema of a type that msgspec does not know."""
    if kind is not Amount:
        raise NotImplementedError(f"no contract may use {kind}")
    return {"type": "string", "format": "decimal"}


def published(schema: Any) -> Any:
    """Make numbers of amounts, as on the wire, and end docstrings where NumPy's sections begin."""
    if isinstance(schema, list):
        return [published(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: published(value) for key, value in schema.items()}
    if made.get("format") == "decimal":
        # No multipleOf: in binary floating point 19.99 is none of 0.01.
        made = {"description": "An amount with the decimals of the shop's currency."} | made
        made["type"] = "number"
    if isinstance(made.get("description"), str):
        made["description"] = _SECTIONS.sub("", made["description"])
    return made
