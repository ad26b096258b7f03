"""The catalog: the same products on every run, on every machine.

A product depends on its position alone, so the first thousand of a hundred thousand are the
thousand of the demo.
"""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, zip_longest
from itertools import product as cartesian

from shop_local.seed.vocabulary import Kind, Leaf, Value, Vocabulary, vocabulary

NAMESPACE = uuid.UUID("5f1d7c1e-9a52-5c3b-8c0a-3f0b6f6f5a10")
CURRENCY = "USD"
FIRST_DAY = datetime(2024, 11, 1, tzinfo=UTC)
DAYS = 730
MAXIMUM = 100_000


type _Choice = tuple[str, str, Kind, dict[str, Value]]
"""Brand, line, type and values of the axes: what a product's name is made of."""


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the category tree; ``parent`` is a slug, ``position`` its place among all."""

    id: uuid.UUID
    slug: str
    name: str
    parent: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Product:
    """One product, ready to be inserted.

    Attributes
    ----------
    price_minor
        Price in minor units of ``currency`` (cents).
    category
        Slug of the leaf category.
    attributes
        Typed facts; ``type`` and ``model`` are always there, ``weight_g`` is in grams.
    stock
        Units on hand when the shop opens.
    """

    id: uuid.UUID
    sku: str
    name: str
    description: str
    brand: str
    price_minor: int
    currency: str
    category: str
    tags: tuple[str, ...]
    attributes: Mapping[str, Value]
    tax_class: str
    stock: int
    created_at: datetime

    @property
    def price(self) -> str:
        """The price with two decimals, as ``"999.99"``."""
        return f"{self.price_minor // 100}.{self.price_minor % 100:02d}"


def categories() -> list[Category]:
    """List the category tree, every parent before its children."""
    words = vocabulary()
    nodes = [(group.slug, group.name, group.parent) for group in words.groups]
    nodes += [(leaf.slug, leaf.name, leaf.parent) for leaf in words.leaves]
    return [
        Category(uuid.uuid5(NAMESPACE, f"category:{slug}"), slug, name, parent, position)
        for position, (slug, name, parent) in enumerate(nodes)
    ]


def products(n: int = 1_000) -> Iterator[Product]:
    """Yield the first ``n`` products of the catalog, spread evenly over the leaf categories.

    Parameters
    ----------
    n
        Number of products, at most 100,000 (they take a few seconds).

    Raises
    ------
    ValueError
        More products are asked for than there are good names.
    """
    if not 0 <= n <= MAXIMUM:
        raise ValueError(f"the catalog has between 0 and {MAXIMUM:,} products, not {n:,}")
    words = vocabulary()
    sources = [_Source(words, leaf).stream() for leaf in words.leaves]
    for position in range(n):
        yield next(sources[position % len(sources)])


class _Source:
    """Endless products of one leaf category."""

    def __init__(self, words: Vocabulary, leaf: Leaf) -> None:
        self.leaf = leaf
        self.tier = {name: words.brands[name].tier for name in words.brands_of(leaf.slug)}
        self.models = [
            (brand, line, maker + place)
            for maker, brand in enumerate(self.tier)
            for place, line in enumerate(words.brands[brand].lines)
        ]
        self.axes = tuple(field for field in leaf.fields if field in leaf.axes)

    def stream(self) -> Iterator[Product]:
        """Walk through all names in a fixed random order, generation by generation."""
        serial = count(1)
        for generation in count():
            # Types take turns, so that even a short catalog has all of them.
            for turn in zip_longest(*self._by_type(generation)):
                for choice in filter(None, turn):
                    yield self._product(next(serial), *choice)

    def _by_type(self, generation: int) -> list[list[_Choice]]:
        """List what can be sold in one generation of models, for each type of product."""
        leaf = self.leaf
        by_model = "line" in leaf.fields
        rng = random.Random(f"{leaf.slug}:{generation}")
        found: dict[str, list[_Choice]] = {kind.name: [] for kind in leaf.kinds}
        for subject in range(len(self.models) if by_model else len(leaf.kinds)):
            for values in cartesian(*(leaf.axes[axis] for axis in self.axes)):
                axes = dict(zip(self.axes, values, strict=True))
                brand, line, place = self.models[subject if by_model else 0]
                kind = leaf.kinds[(place + generation) % len(leaf.kinds) if by_model else subject]
                if all(axes[axis] in allowed for axis, allowed in kind.only.items()):
                    mark = f" Mk{generation + 1}" if generation else ""
                    found[kind.name].append((brand, line + mark, kind, axes))
        for offset, choices in enumerate(found.values()):
            _shuffle(choices, rng)
            if not by_model:  # Books have no models; their publishers take turns.
                for i, (_, _, kind, axes) in enumerate(choices):
                    brand, line, _ = self.models[(i + 3 * offset) % len(self.models)]
                    choices[i] = (brand, line, kind, axes)
        return list(found.values())

    def _product(
        self, serial: int, brand: str, line: str, kind: Kind, axes: dict[str, Value]
    ) -> Product:
        leaf = self.leaf
        rng = random.Random(f"{leaf.code}:{serial}")
        # What all variants of a model share is drawn from the model, the rest from the product.
        model = random.Random(f"{leaf.slug}:{brand}:{line}") if "line" in leaf.fields else rng
        facts: dict[str, Value] = {"type": kind.name, "model": line, **axes}
        facts |= {name: _pick(model, values) for name, values in leaf.extras.items()}
        low, high = leaf.weight_g
        facts["weight_g"] = _round(low + (high - low) * model.random())
        title = leaf.title.format(brand=brand, line=line, kind=kind.name, **axes)
        sku = f"{leaf.code}-{_code(brand)}-{serial:05d}"
        return Product(
            id=uuid.uuid5(NAMESPACE, sku),
            sku=sku,
            name=title,
            description=self._description(kind, brand, facts, model, rng),
            brand=brand,
            price_minor=self._price(kind, self.tier[brand], axes, model, rng),
            currency=CURRENCY,
            category=leaf.slug,
            tags=self._tags(kind, facts, rng),
            attributes=facts,
            tax_class=leaf.tax_class,
            stock=_stock(rng),
            created_at=FIRST_DAY + timedelta(seconds=int(rng.random() * DAYS * 86_400)),
        )

    def _description(
        self,
        kind: Kind,
        brand: str,
        facts: Mapping[str, Value],
        model: random.Random,
        rng: random.Random,
    ) -> str:
        words = {
            name: value.lower()
            if name in {"colour", "material"} and isinstance(value, str)
            else value
            for name, value in facts.items()
        }
        words |= {"brand": brand, "line": facts["model"], "kind": kind.name.lower()}
        sentences = [_pick(model, kind.text), _pick(model, self.leaf.build)]
        if rng.random() < 0.75:
            sentences.append(_pick(rng, self.leaf.use))
        if rng.random() < 0.6:
            sentences.append(_pick(rng, self.leaf.fit))
        filled = (sentence.format(**words) for sentence in sentences)
        return " ".join(sentence[0].upper() + sentence[1:] for sentence in filled)

    def _price(
        self,
        kind: Kind,
        tier: float,
        axes: Mapping[str, Value],
        model: random.Random,
        rng: random.Random,
    ) -> int:
        low, high = kind.price
        amount = (low + (high - low) * model.random() ** 1.3) * tier
        for axis, step in self.leaf.step.items():
            sizes = kind.only.get(axis, self.leaf.axes[axis])
            amount *= 1 + step * sizes.index(axes[axis])
        if amount < 20:
            return max(1, int(amount)) * 100 + int(_pick(rng, (49, 95, 99, 99)))
        if amount < 100:
            return int(amount) * 100 + int(_pick(rng, (0, 50, 90, 95, 99, 99)))
        if amount < 500:
            return int(amount / 5) * 500 - int(_pick(rng, (1, 5, 100, 101)))
        return int(amount / 10) * 1_000 - int(_pick(rng, (1, 1, 100, 100)))

    def _tags(self, kind: Kind, facts: Mapping[str, Value], rng: random.Random) -> tuple[str, ...]:
        common = list(self.leaf.tags)
        _shuffle(common, rng)
        tags = [*kind.tags, *common[: 4 + int(rng.random() * 2)]]
        looks = (facts.get(name) for name in ("material", "colour"))
        tags += [value.lower() for value in looks if isinstance(value, str)]
        return tuple(dict.fromkeys(tags))[:10]


def _pick[T](rng: random.Random, values: Sequence[T]) -> T:
    # Only random() is promised to stay the same in coming versions of Python; choice() is not.
    return values[int(rng.random() * len(values))]


def _shuffle[T](values: list[T], rng: random.Random) -> None:
    for last in range(len(values) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        values[last], values[other] = values[other], values[last]


def _round(grams: float) -> int:
    step = 5 if grams < 500 else 50 if grams < 5_000 else 100
    return max(step, int(grams / step) * step)


def _code(brand: str) -> str:
    return "".join(letter for letter in brand.upper() if letter.isascii() and letter.isalpha())[:4]


def _stock(rng: random.Random) -> int:
    draw = rng.random()
    if draw < 0.05:
        return 0
    if draw < 0.12:
        return 1 + int(rng.random() * 3)
    return 5 + int(195 * rng.random() ** 1.8)
