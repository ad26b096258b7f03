"""``make new-endpoint SERVICE=… NAME=…``, and new-consumer, new-schedule."""

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shop.contracts.events import CONSUMERS, EVENTS, queue_name
from shop.domain.flows import FLOWS, Flow, logical_id
from shop_local.paths import CHECKOUT
from shop_local.scaffold import samples, texts
from shop_local.scaffold.edits import (
    add_after_service,
    add_consumer,
    add_contract,
    add_entry,
    add_reader,
    add_route,
)

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


class Refused(Exception):
    """The function cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class New:
    """A function to make: its kind, its folder, and what its files are filled in with."""

    kind: str
    service: str
    name: str

    @property
    def title(self) -> str:
        """``<service>/<name>``."""
        return f"{self.service}/{self.name}"

    @property
    def event_type(self) -> str:
        """The event of a consumer: ``on_order_paid`` consumes ``order.paid``."""
        return self.name.removeprefix("on_").replace("_", ".", 1)

    def filled(self, text: str) -> str:
        """Fill a text in."""
        camel = "".join(word.capitalize() for word in self.name.split("_"))
        event = EVENTS.get(self.event_type)
        values = {
            "title": self.title, "service": self.service, "name": self.name,
            "words": self.name.replace("_", " "),
            "path": f"/api/{self.service}/{self.name.replace('_', '-')}",
            "queue": queue_name(self.service, self.event_type),
            "contract": event.__name__ if self.kind == "consumer" and event else f"{camel}View",
        }  # fmt: skip
        return text.format_map(values)


def make(new: New, checkout: Path = CHECKOUT) -> list[Path]:
    """Make the function and return the files that were written or changed.

    Raises
    ------
    Refused
        If there is such a function, or what it needs is missing.
    """
    _check(new, checkout)
    handler, test, entry, uses = {
        "endpoint": (texts.ENDPOINT, texts.ENDPOINT_TEST, texts.ENDPOINT_ENTRY, "http"),
        "consumer": (
            texts.CONSUMER,
            texts.CONSUMER_TEST,
            texts.CONSUMER_ENTRY,
            "postgres rabbitmq",
        ),
        "schedule": (texts.SCHEDULE, texts.SCHEDULE_TEST, texts.SCHEDULE_ENTRY, ""),
    }[new.kind]
    files = {
        checkout / f"functions/{new.title}/handler.py": new.filled(handler),
        checkout / f"events/{new.title}.json": json.dumps(_sample(new, checkout), indent=2) + "\n",
        checkout / f"tests/functional/{new.service}/test_{new.name}.py": new.filled(test),
    }
    shop = checkout / "layers/shop/python/shop"
    template, flows = checkout / "infra/template.yaml", shop / "domain/flows.py"
    imports = checkout / "tests/unit/test_imports.py"
    changed = [template, flows, imports]
    add_entry(template, new.service, logical_id(new.title), new.title, new.filled(entry))
    flow = next((FLOWS[title] for title in FLOWS if title.startswith(f"{new.service}/")), Flow.DESK)
    add_after_service(flows, new.title, f'    "{new.title}": Flow.{flow.name},\n')
    add_after_service(imports, new.title, f'    "{new.title}": "{uses}",\n')
    if new.kind == "endpoint":
        contract = shop / f"contracts/http/{new.service}.py"
        add_contract(contract, new.filled(texts.CONTRACT))
        access = checkout / "tests/support/access.py"
        add_route(access, new.filled("GET {path}"))
        walk = checkout / "tests/functional/contract/test_examples.py"
        add_after_service(walk, new.title, f'    "{new.title}",\n', within="_PUBLIC")
        changed += [contract, access, walk]
    elif new.kind == "consumer":
        for policy in ("ReadsDatabaseSecret", "ReadsBrokerSecret"):
            add_reader(template, policy, logical_id(new.title))
        events = shop / "contracts/events.py"
        add_consumer(events, new.service, new.event_type)
        changed.append(events)
    else:
        add_after_service(flows, new.title, f'        "{new.title}",\n', within="SCHEDULED")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [*files, *changed]


def _check(new: New, checkout: Path) -> None:
    for word in (new.service, new.name):
        if not _NAME.fullmatch(word):
            raise Refused(
                f"{word!r}: words of lower-case letters and digits, joined by _, are needed"
            )
    if new.title in FLOWS or (checkout / f"functions/{new.title}").exists():
        raise Refused(f"there is a function {new.title}")
    if not (checkout / f"functions/{new.service}").is_dir():
        services = sorted(path.name for path in (checkout / "functions").iterdir() if path.is_dir())
        raise Refused(f"no service {new.service}; there are: {', '.join(services)}")
    if new.kind == "consumer":
        if not new.name.startswith("on_") or new.event_type not in EVENTS:
            raise Refused(
                f"NAME is on_<event>, such as on_order_paid; events: {', '.join(sorted(EVENTS))}"
            )
        if (new.service, new.event_type) in CONSUMERS:
            raise Refused(f"{new.service} consumes {new.event_type} already")


def _sample(new: New, checkout: Path) -> dict[str, Any]:
    events = checkout / "events"
    if new.kind == "endpoint":
        return samples.endpoint(events, new.filled("{path}"))
    if new.kind == "schedule":
        return samples.schedule(events, logical_id(new.title))
    return samples.consumer(events, new.filled("{queue}"), new.event_type)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make new-…", description=__doc__)
    parser.add_argument("kind", choices=("endpoint", "consumer", "schedule"))
    parser.add_argument("service")
    parser.add_argument("name")
    try:
        written = make(New(**vars(parser.parse_args())))
    except (Refused, samples.NoSample) as error:
        print(error, file=sys.stderr)
        return 1
    for path in written:
        print(f"  {path.relative_to(CHECKOUT)}")
    print("next: make examples · make lint types · make watch; docs/adding.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
