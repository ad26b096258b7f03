"""Command line: ``python -m shop_local.seed --help``."""

import argparse
import os
import time
from collections import Counter
from pathlib import Path

from shop_local.seed.catalog import MAXIMUM, categories, products
from shop_local.seed.images import write
from shop_local.seed.judgments import FILE, render
from shop_local.seed.loader import load


def _load(options: argparse.Namespace) -> None:
    started = time.perf_counter()
    done = load(options.database_url, options.image_base_url, n=options.n, reset=options.reset)
    print(
        f"categories {done.categories}, products {done.products}, stock {done.inventory} "
        f"inserted or changed in {time.perf_counter() - started:.1f} s"
    )


def _images(options: argparse.Namespace) -> None:
    print(f"{write(options.root, products(options.n))} new images in {options.root}")


def _stats(options: argparse.Namespace) -> None:
    seed = list(products(options.n))
    buckets = Counter(
        "0-500" if p.price_minor < 50_000 else "500-1000" if p.price_minor < 100_000 else "1000+"
        for p in seed
    )
    stock = Counter("none" if p.stock == 0 else "1-3" if p.stock <= 3 else "5+" for p in seed)
    print(
        f"products {len(seed):,}  categories {len(categories())}  "
        f"brands {len({p.brand for p in seed})}"
    )
    for title, counts in (
        ("price", buckets),
        ("stock", stock),
        ("category", Counter(p.category for p in seed)),
    ):
        print(f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))


def _judgments(_: argparse.Namespace) -> None:
    FILE.write_text(render(), encoding="utf-8")
    print(FILE)


def main(arguments: list[str] | None = None) -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m shop_local.seed", description="Seed catalog.")
    commands = parser.add_subparsers(required=True)
    load = commands.add_parser("load", help="put the catalog into PostgreSQL")
    load.add_argument(
        "--database-url",
        default=os.environ.get("SHOP_DATABASE_URL"),
        help="default: SHOP_DATABASE_URL",
    )
    load.add_argument("--image-base-url", help="where the images are served")
    load.add_argument("--reset", action="store_true", help="put sold stock back, too")
    load.set_defaults(run=_load)
    images = commands.add_parser("images", help="draw the pictures")
    images.add_argument("--root", type=Path, required=True, help="folder to draw into")
    images.set_defaults(run=_images)
    stats = commands.add_parser("stats", help="count what the catalog holds")
    stats.set_defaults(run=_stats)
    judgments = commands.add_parser("judgments", help="compute judgments.json again")
    judgments.set_defaults(run=_judgments)
    for command in (load, images, stats):
        command.add_argument(
            "-n",
            type=int,
            default=1_000,
            help=f"number of products, at most {MAXIMUM:,} (default 1,000)",
        )
    options = parser.parse_args(arguments)
    if options.run is _load and not options.database_url:
        load.error("no database: give --database-url or set SHOP_DATABASE_URL")
    options.run(options)


if __name__ == "__main__":
    main()
