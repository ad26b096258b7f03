"""Calls one deployed function with a sample event."""

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from shop_local import template
from shop_local.deploy import STACK, aws
from shop_local.logs import readable
from shop_local.paths import CHECKOUT, TEMPLATE
from shop_local.stack import StackError


def invoke(values: Mapping[str, str], function: str, event: str | None) -> int:
    """Call a function, print its log and its answer; return 1 if it failed.

    Parameters
    ----------
    values : mapping
        The stack's settings.
    function : str
        ``<service>/<function>``.
    event : str, optional
        JSON file; by default the function's sample event.
    """
    known = template.functions(template.read(TEMPLATE))
    if function not in known:
        raise StackError(f"No function {function!r}; there are: {', '.join(sorted(known))}")
    path = Path(event) if event else CHECKOUT / f"events/{function}.json"
    try:
        payload = path.read_bytes()
        json.loads(payload)
    except (OSError, ValueError) as error:
        raise StackError(f"{path} is not a readable JSON file: {error}") from error
    endpoint = values["AWS_ENDPOINT_URL"]
    resource = aws("cloudformation", endpoint).describe_stack_resource(
        StackName=STACK, LogicalResourceId=known[function]
    )
    answer = aws("lambda", endpoint).invoke(
        FunctionName=resource["StackResourceDetail"]["PhysicalResourceId"],
        LogType="Tail",
        Payload=payload,
    )
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    print("\n".join(map(readable, log.splitlines())), file=sys.stderr, flush=True)
    text = answer["Payload"].read().decode()
    try:
        print(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except ValueError:
        print(text)
    return 1 if answer.get("FunctionError") else 0
