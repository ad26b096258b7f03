"""Shows staff what waits in the dead-letter queues."""

from collections.abc import Iterable
from typing import Final

from shop.services.messaging.ports import DeadLetters, DeadMessagesWork
from shop.services.unit_of_work import OpenTransaction

#: The most messages that are read from a queue at once; the next run reads on.
_BATCH: Final = 500


def record_dead_messages(
    letters: DeadLetters,
    write: OpenTransaction[DeadMessagesWork],
    queues: Iterable[str],
) -> int:
    """Record what the dead-letter queues hold; return the number of recorded messages.

    The queues are the truth, whoever has dead-lettered a message (its consumer, or the broker after a
    consumer has died of it), and whatever crashed in between: what is not recorded yet, or not dead any more,
    is corrected by the next run. A queue is read if its length is not the recorded one, and every hour.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable; the next run begins again.
    """
    recorded = 0
    with write() as work:
        if not work.dead_messages.lock():
            return 0
        known = work.dead_messages.known()
        for queue in queues:
            length = letters.count(queue)
            if length == known.get(queue, 0):
                continue
            messages = letters.look(queue, min(length, _BATCH))
            work.dead_messages.replace(queue, messages, complete=length <= _BATCH)
            recorded += len(messages)
    return recorded
