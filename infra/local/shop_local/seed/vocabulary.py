"""The words the catalog is made of, read from ``data/*.toml`` and checked while they are read."""

import tomllib
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from shop.domain.tax import STANDARD

DATA = Path(__file__).parent / "data"

type Value = str | int | float
"""What an attribute of a product may hold."""


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of product within a leaf category, such as "Trail Running Shoe".

    Attributes
    ----------
    name
        As it stands in the product's name.
    price
        Lowest and highest list price before brand and size, in whole USD.
    tags
        What customers look for in this type.
    text
        Opening sentences, one of which begins the description.
    only
        Values of an axis that make sense for this type, where not all do.
    """

    name: str
    price: tuple[int, int]
    tags: tuple[str, ...]
    text: tuple[str, ...]
    only: dict[str, tuple[Value, ...]] = {}


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A category that holds products, with the vocabulary of its products.

    Attributes
    ----------
    code
        Three letters, the first part of each SKU.
    title
        Template of the product's name; its fields are what makes products differ.
    weight_g
        Lightest and heaviest product, in grams.
    axes
        Attributes that may appear in the name: size, memory, colour.
    extras
        Further attributes, drawn for each model.
    step
        By how much of the base price each further value of an axis is dearer.
    build, use, fit
        Sentences about materials, occasions, and sizes or compatibility.
    tax_class
        Selects the tax rate of its products.
    """

    slug: str
    name: str
    parent: str
    code: str
    title: str
    weight_g: tuple[int, int]
    tags: tuple[str, ...]
    kinds: tuple[Kind, ...]
    axes: dict[str, tuple[Value, ...]]
    build: tuple[str, ...]
    use: tuple[str, ...]
    fit: tuple[str, ...]
    tax_class: str = STANDARD
    extras: dict[str, tuple[Value, ...]] = {}
    step: dict[str, float] = {}

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of the title, in their order."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.title) if name)


class Brand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A maker: how dear it is, where it sells, and what it calls its models."""

    tier: float
    leaves: tuple[str, ...]
    lines: tuple[str, ...]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An inner node of the category tree."""

    slug: str
    name: str
    parent: str | None = None


class Vocabulary(msgspec.Struct, frozen=True):
    """Everything :mod:`shop_local.seed.catalog` composes products from."""

    groups: tuple[Group, ...]
    leaves: tuple[Leaf, ...]
    brands: dict[str, Brand]
    colours: dict[str, str]

    def brands_of(self, leaf: str) -> tuple[str, ...]:
        """Names of the brands that sell in a leaf category."""
        return tuple(name for name, brand in self.brands.items() if leaf in brand.leaves)

    def path(self, slug: str) -> tuple[str, ...]:
        """Slugs from the top category down to ``slug``, which is the last of them."""
        parents: dict[str, str | None] = {group.slug: group.parent for group in self.groups}
        parents.update((leaf.slug, leaf.parent) for leaf in self.leaves)
        path: list[str] = []
        step: str | None = slug
        while step is not None:
            path.append(step)
            step = parents[step]
        return tuple(reversed(path))


def _read(name: str) -> dict[str, Any]:
    with (DATA / name).open("rb") as file:
        return tomllib.load(file)


@cache
def vocabulary() -> Vocabulary:
    """Read all data files, once a process.

    Raises
    ------
    msgspec.ValidationError
        A data file has a missing, unknown or mistyped field; the message says where.
    """
    tree = _read("categories.toml")
    leaves: list[Any] = []
    for path in sorted((DATA / "leaves").glob("*.toml")):
        leaves.extend(_read(f"leaves/{path.name}")["leaf"])
    return msgspec.convert(
        {
            "groups": tree["group"],
            "leaves": leaves,
            "brands": _read("brands.toml"),
            "colours": _read("colours.toml"),
        },
        Vocabulary,
        strict=True,
    )
