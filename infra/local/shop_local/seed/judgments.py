"""Judged queries: which products a customer means, worked out from the catalog's own facts.

No search engine takes part. ``data/queries.toml`` gives each query its rules; a product's grade is
the highest of the rules it meets: 3 is exactly what was asked for, 2 a good answer, 1 related.
"""

import json
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from shop_local.seed.catalog import Product, products
from shop_local.seed.vocabulary import DATA, Value, vocabulary

FILE = Path(__file__).parent / "judgments.json"

type Sort = Literal[
    "exact", "typo", "plural", "synonym", "brand+attribute", "multi-word", "category", "use"
]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions of which a product must meet all that are given.

    Attributes
    ----------
    grade
        1 related, 2 good, 3 perfect.
    category
        Slug of a node of the tree; products anywhere below it match.
    type, model, brand
        Exact words of the product.
    tags
        At least one of these.
    attributes
        Exact values of attributes.
    mentions
        The name or the description contains one of these, whatever the case.
    """

    grade: Literal[1, 2, 3]
    category: str | None = None
    type: tuple[str, ...] = ()
    model: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, Value] = {}
    mentions: tuple[str, ...] = ()

    def meets(self, item: Product) -> bool:
        """Return whether a product meets all conditions."""
        text = f"{item.name}\n{item.description}".lower()
        return (
            (self.category is None or self.category in _path(item.category))
            and (not self.type or item.attributes["type"] in self.type)
            and (self.model is None or item.attributes["model"] == self.model)
            and (self.brand is None or item.brand == self.brand)
            and (not self.tags or any(tag in item.tags for tag in self.tags))
            and all(item.attributes.get(name) == v for name, v in self.attributes.items())
            and (not self.mentions or any(words.lower() in text for words in self.mentions))
        )


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a customer types, what it is a test of, and the rules that grade products."""

    q: str
    sort: Sort
    rules: tuple[Rule, ...]


class Judged(msgspec.Struct, frozen=True):
    """A query with its relevant products: SKU to grade, 1 to 3; all others are 0."""

    query: str
    sort: Sort
    grades: dict[str, int]


@cache
def queries() -> tuple[Query, ...]:
    """Read the queries and their rules."""
    with (DATA / "queries.toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file)["queries"], tuple[Query, ...], strict=True)


def judge(query: Query, seed: Iterable[Product]) -> Judged:
    """Grade products for one query."""
    grades = {
        item.sku: max((rule.grade for rule in query.rules if rule.meets(item)), default=0)
        for item in seed
    }
    ranked = sorted(grades.items(), key=lambda entry: (-entry[1], entry[0]))
    return Judged(query.q, query.sort, {sku: grade for sku, grade in ranked if grade})


def judged(seed: Sequence[Product] | None = None) -> list[Judged]:
    """Grade the catalog of 1,000 products, or another one, for all queries."""
    chosen = list(products()) if seed is None else seed
    return [judge(query, chosen) for query in queries()]


def render() -> str:
    """Write the judgments as the text of ``judgments.json``, one line a query."""
    lines = ",\n".join(
        "  " + json.dumps(msgspec.to_builtins(entry), ensure_ascii=False) for entry in judged()
    )
    return f'{{"products": 1000, "queries": [\n{lines}\n]}}\n'


@cache
def _path(category: str) -> tuple[str, ...]:
    return vocabulary().path(category)
