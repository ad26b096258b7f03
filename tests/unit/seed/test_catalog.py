"""The seed catalog is stable, complete, varied, and reads like a shop."""

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from shop_local.seed import Product, categories, products
from shop_local.seed.vocabulary import vocabulary


@pytest.fixture(scope="module")
def seed() -> list[Product]:
    return list(products())


def fingerprint(items: list[Product]) -> str:
    return hashlib.sha256(repr(items).encode()).hexdigest()


def test_two_runs_give_the_same_bytes(seed: list[Product]) -> None:
    assert fingerprint(seed) == fingerprint(list(products()))


def test_a_larger_catalog_begins_with_the_smaller_one(seed: list[Product]) -> None:
    larger = products(5_000)
    assert [next(larger) for _ in seed] == seed


@pytest.mark.parametrize("n", [1_000, 10_000])
def test_ids_skus_and_names_are_unique(n: int) -> None:
    items = list(products(n))
    assert len(items) == n
    for values in ({p.id for p in items}, {p.sku for p in items}, {p.name for p in items}):
        assert len(values) == n


@pytest.mark.parametrize("n", [-1, 100_001])
def test_a_number_of_products_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100,000"):
        list(products(n))


def test_the_tree_has_two_or_three_levels_and_no_empty_leaf(seed: list[Product]) -> None:
    words = vocabulary()
    nodes = categories()
    tops = [node for node in nodes if node.parent is None]
    counts = Counter(p.category for p in seed)
    known: set[str] = set()
    for node in nodes:
        assert node.parent is None or node.parent in known
        known.add(node.slug)
    assert 12 <= len(tops) <= 16
    assert len(words.leaves) >= 40
    assert {leaf.slug for leaf in words.leaves} == set(counts)
    assert min(counts.values()) >= 20
    assert {len(words.path(leaf.slug)) for leaf in words.leaves} == {2, 3}


def test_each_brand_has_products(seed: list[Product]) -> None:
    words = vocabulary()
    leaves = {leaf.slug for leaf in words.leaves}
    assert all(set(brand.leaves) <= leaves for brand in words.brands.values())
    assert {p.brand for p in seed} == set(words.brands)
    assert len(words.brands) >= 110


def test_each_type_of_product_is_there(seed: list[Product]) -> None:
    types = {kind.name for leaf in vocabulary().leaves for kind in leaf.kinds}
    assert {p.attributes["type"] for p in seed} == types


def test_prices_have_two_decimals_and_fill_all_buckets(seed: list[Product]) -> None:
    assert all(re.fullmatch(r"\d+\.\d\d", p.price) for p in seed)
    assert all(p.price_minor >= 499 and p.currency == "USD" for p in seed)
    low = sum(p.price_minor < 50_000 for p in seed)
    middle = sum(50_000 <= p.price_minor < 100_000 for p in seed)
    assert min(low, middle, len(seed) - low - middle) >= 60
    assert len({p.price_minor for p in seed}) > 250


def test_stock_has_plenty_few_and_none(seed: list[Product]) -> None:
    assert 20 <= sum(p.stock == 0 for p in seed) <= 100
    assert 20 <= sum(1 <= p.stock <= 3 for p in seed) <= 120
    assert sum(5 <= p.stock <= 200 for p in seed) >= 800


def test_products_were_added_over_two_years(seed: list[Product]) -> None:
    months = {(p.created_at.year, p.created_at.month) for p in seed}
    assert len(months) == 24
    assert min(p.created_at for p in seed) >= datetime(2024, 11, 1, tzinfo=UTC)


def test_names_and_descriptions_read_like_a_shop(seed: list[Product]) -> None:
    for item in seed:
        assert not re.search(r"\b(product|item|test|sample)\b\s*\d*", item.name, re.IGNORECASE)
        assert 12 <= len(item.name) <= 110
        assert not re.search(r"[{}]|\bNone\b", item.name + item.description)
        assert all(
            s[0].isupper() or s[0].isdigit() or s[0] == "—"
            for s in re.split(r"(?<=[a-z][.]) (?=\S)", item.description)
        )
    sentences = [len(re.findall(r"[.!?](?= |$)", p.description)) for p in seed]
    assert min(sentences) >= 2
    assert len({p.description for p in seed}) > 900


def test_tags_and_attributes_are_rich(seed: list[Product]) -> None:
    assert all(5 <= len(p.tags) <= 10 and len(set(p.tags)) == len(p.tags) for p in seed)
    assert all({"type", "model", "weight_g"} < set(p.attributes) for p in seed)
    assert len({tag for p in seed for tag in p.tags}) > 400


def test_the_words_customers_use_are_not_all_in_names(seed: list[Product]) -> None:
    names = " ".join(p.name for p in seed).lower()
    texts = " ".join(" ".join(p.tags) + p.description for p in seed).lower()
    for word in ("rucksack", "couch", "hoover", "trainer", "cell phone", "secateurs"):
        assert word not in names
        assert word in texts


def test_colours_have_a_value_to_draw_with(seed: list[Product]) -> None:
    colours = {str(p.attributes["colour"]) for p in seed if "colour" in p.attributes}
    assert colours <= set(vocabulary().colours)


def test_books_have_a_tax_class_of_their_own(seed: list[Product]) -> None:
    reduced = {product.category for product in seed if product.tax_class == "reduced"}
    assert reduced == {"novels", "cookbooks"}
    assert {product.tax_class for product in seed} == {"standard", "reduced"}
