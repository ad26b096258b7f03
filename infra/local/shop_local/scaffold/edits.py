"""Entries of a new function in the files that list all functions."""

import re
from pathlib import Path
from typing import Final

from shop_local.template import TemplateError

_CONTRACTS: Final = '"""Bodies of the endpoints."""\n\nimport msgspec\n'


def add_entry(template: Path, service: str, logical_id: str, title: str, properties: str) -> None:
    """Add a function to the end of its service's part of the template."""
    text = template.read_text()
    last = max(
        (found.start() for found in re.finditer(rf"CodeUri: \.\./functions/{service}/", text)),
        default=-1,
    )
    end = re.compile(r"\n(?=  # ── |  \w+:\n)").search(text, last)
    if last < 0 or not end:
        raise TemplateError(f"{template} has no functions of {service}")
    entry = (
        f"  {logical_id}:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      CodeUri: ../functions/{title}/\n{properties}\n"
    )
    template.write_text(text[: end.end()] + entry + text[end.end() :])


def add_reader(template: Path, policy: str, logical_id: str) -> None:
    """Let a function read a secret."""
    text = template.read_text()
    roles = text.index("      Roles:\n", text.index(f"\n  {policy}:\n")) + len("      Roles:\n")
    template.write_text(f"{text[:roles]}        - !Ref {logical_id}Role\n{text[roles:]}")


def add_after_service(path: Path, title: str, line: str, within: str = "") -> None:
    """Add a line to a table of functions, after those of its service or at its end.

    Parameters
    ----------
    within : str, optional
        The name before which nothing is looked for.
    """
    text = path.read_text()
    start = text.index(f"\n{within}: Final") if within else 0
    indentation = re.escape(line[: len(line) - len(line.lstrip())])
    entries = list(re.compile(rf'^{indentation}"(\w+)/\w+"[:,].*\n', re.M).finditer(text, start))
    service = title.partition("/")[0]
    # The table is the run of entries that comes first.
    table = entries[:1]
    for entry in entries[1:]:
        if entry.start() != table[-1].end():
            break
        table.append(entry)
    own = [entry for entry in table if entry[1] == service]
    place = (own or table)[-1].end()
    path.write_text(text[:place] + line + text[place:])


def add_route(table: Path, route: str) -> None:
    """Add a route that requires no session to the table of who may call what."""
    text = table.read_text()
    end = text.index("\n}\n", text.index("\nROUTES: Final"))
    table.write_text(f'{text[:end]}\n    "{route}": PUBLIC,{text[end:]}')


def add_contract(path: Path, text: str) -> None:
    """Add a struct to a module of contracts."""
    before = path.read_text() if path.exists() else _CONTRACTS
    path.write_text(before.rstrip("\n") + "\n" + text)


def add_consumer(events: Path, service: str, event_type: str) -> None:
    """Declare the queue of a consumer."""
    text = events.read_text()
    end = text.index("\n)\n", text.index("\nCONSUMERS: Final"))
    events.write_text(f'{text[:end]}\n    ("{service}", "{event_type}"),{text[end:]}')
