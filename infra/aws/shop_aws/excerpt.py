"""A template of one function: what `platform/migrate` needs of the application's, as a stack of its own."""

import re
from collections.abc import Iterator
from typing import Any, Final

type Document = dict[str, Any]

_IN_TEXT: Final = re.compile(r"\$\{(\w+)")


def excerpt(template: Document, function: str) -> Document:
    """Return the template with only this function and what it refers to.

    Parameters
    ----------
    template : dict
        Of the application; it is not changed.
    function : str
        Logical id.
    """
    resources = template["Resources"]
    # SAM names a function's role after it; policies are attached to roles.
    role = {"Ref": f"{function}Role"}
    kept: Document = {
        name: {**resource, "Properties": {**resource["Properties"], "Roles": [role]}}
        for name, resource in resources.items()
        if role in resource.get("Properties", {}).get("Roles", ())
    }
    waiting = [function, *names_in([*kept.values(), template["Globals"]])]
    while waiting:
        name = waiting.pop()
        if name in resources and name not in kept:
            kept[name] = resources[name]
            waiting += names_in(resources[name])
    outputs = {
        name: output
        for name, output in template["Outputs"].items()
        if not set(names_in(output)) & (set(resources) - set(kept))
    }
    return {**template, "Resources": kept, "Outputs": outputs}


def names_in(value: Any) -> Iterator[str]:
    """Yield what a part of a template refers to."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"DependsOn": str(name)}:
            yield name
            yield from names_in({key: each for key, each in value.items() if key != "DependsOn"})
        case dict():
            for each in value.values():
                yield from names_in(each)
        case list():
            for each in value:
                yield from names_in(each)
        case str():
            yield from _IN_TEXT.findall(value)
