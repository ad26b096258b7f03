"""Declare RabbitMQ's exchanges and queues; safe to repeat.

Usage: ``python -m shop.entrypoints.commands.topology`` with SHOP_RABBITMQ_URL set.
"""

import argparse
import logging
import os
import sys

from shop.adapters.rabbitmq.topology import TopologyError, declare, retire


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    url = os.environ.get("SHOP_RABBITMQ_URL")
    if not url:
        parser.error("SHOP_RABBITMQ_URL is not set; expected amqp://…")
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        queues, kept = declare(url), retire(url)
    except TopologyError as error:
        parser.exit(1, f"{error}\n")
    print("\n".join(queues))
    for queue in kept:
        print(f"retired, but kept: {queue}", file=sys.stderr)


if __name__ == "__main__":
    main()
