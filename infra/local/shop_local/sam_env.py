"""``make sam-env``: each function's variables for `sam local invoke --env-vars`, from the running stack."""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from shop.entrypoints.commands.templates import defaults
from shop_local import stack, template
from shop_local.containers import HOST, on_host
from shop_local.paths import CHECKOUT, TEMPLATE, State, default_state_folder, write_private
from shop_local.template import Document

_FILE: Final = CHECKOUT / ".local/sam-env.json"


def variables(
    document: Document, settings: Mapping[str, str], host: str
) -> dict[str, dict[str, str]]:
    """Return the variables of each function, by logical id, with the servers' addresses on that host.

    Parameters
    ----------
    settings : mapping
        Of the running stack: ``SHOP_…``. What it does not have keeps the value that the template gives it.
    """
    declared = defaults(document)
    shared = document["Globals"]["Function"]["Environment"]["Variables"]
    return {
        logical_id: {
            name: on_host(host, value)
            for name, given in {**shared, **_own(resource)}.items()
            if (value := settings.get(name) or _default(given, declared)) is not None
        }
        for logical_id, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _own(resource: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resource["Properties"].get("Environment", {}).get("Variables", {})
    return found


def _default(given: Any, declared: Mapping[str, str]) -> str | None:
    match given:
        case str():
            return given
        case {"Ref": str(parameter)}:
            return declared.get(parameter)
        case _:
            return None


def main() -> int:
    """Run from the command line: [host]."""
    host = sys.argv[1] if len(sys.argv) > 1 else HOST
    try:
        settings = stack.load_env(State(default_state_folder()))
    except stack.StackError as error:
        print(error, file=sys.stderr)
        return 1
    found = variables(template.read(TEMPLATE), settings, host)
    write_private(_FILE, json.dumps(found, indent=2))
    print(f"  {_FILE.relative_to(CHECKOUT)}")
    print("  docs/adding.md says how `sam local invoke` takes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
