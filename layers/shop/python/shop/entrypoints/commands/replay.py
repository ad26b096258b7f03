"""Replay messages: dead-lettered ones into their queues, or past events from the outbox.

Consumers skip events that they have processed, so replaying too many is harmless. Settings come from the
environment, as for the functions.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from shop.bootstrap import Environment
from shop.bootstrap.dead_letters import dead_letters
from shop.bootstrap.outbox import outbox
from shop.bootstrap.postgres import write
from shop.bootstrap.rabbitmq import publisher
from shop.bootstrap.settings import SettingsError, load
from shop.bootstrap.work.dead_messages import PostgresDeadMessagesWork
from shop.contracts.events import EVENTS, QUEUES
from shop.domain.errors import DependencyUnavailable
from shop.services.messaging.dead import record_dead_messages
from shop.services.messaging.replay import Span, replay_dead, replay_span

_ALL: Final = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line.

    Returns
    -------
    int
        The exit status: 0, or 1 if a server is unavailable.
    """
    options = _parser().parse_args(arguments)
    try:
        with closing(Environment(load(os.environ))) as made, made.active():
            counts = _replay(options)
    except (DependencyUnavailable, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    verb = "would be sent" if options.dry_run else "sent"
    for name, count in counts.items():
        print(f"{name}: {count} {verb}")
    print(f"{sum(counts.values())} in all")
    return 0


def _replay(options: argparse.Namespace) -> dict[str, int]:
    if options.dead:
        queues = list(QUEUES) if options.dead == _ALL else [options.dead]
        counts = replay_dead(dead_letters(), queues, limit=options.limit, dry_run=options.dry_run)
        # So that the order desk does not show what was sent until the schedule's next run.
        record_dead_messages(dead_letters(), write(PostgresDeadMessagesWork), queues)
        return counts
    span = Span(since=options.since, until=options.until, event_type=options.type)
    return replay_span(outbox(), publisher(), span, dry_run=options.dry_run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--dead",
        nargs="?",
        const=_ALL,
        choices=[_ALL, *QUEUES],
        metavar="QUEUE",
        help=f"dead messages of one queue, or of all; one of {', '.join(QUEUES)}",
    )
    what.add_argument(
        "--from", dest="since", type=_time, metavar="TIME", help="events since then (RFC 3339)"
    )
    parser.add_argument(
        "--to",
        dest="until",
        type=_time,
        metavar="TIME",
        default=datetime.now(UTC),
        help="and before then; now by default",
    )
    parser.add_argument(
        "--type", choices=sorted(EVENTS), metavar="TYPE", help="only this event type"
    )
    parser.add_argument(
        "--limit", type=_positive, default=10_000, help="dead messages a queue, at most (10000)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    return parser


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time like 2026-01-31T12:00:00Z"
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
