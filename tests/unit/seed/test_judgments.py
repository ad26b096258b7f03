"""The judged queries are many, varied, answerable, and in step with their rules."""

from collections import Counter

import pytest

from shop_local.seed.catalog import Product, products
from shop_local.seed.judgments import FILE, Judged, Query, Rule, judge, judged, queries, render


@pytest.fixture(scope="module")
def all_judged() -> list[Judged]:
    return judged()


def test_the_file_is_what_the_rules_say() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "run: python -m shop_local.seed judgments"


def test_there_are_enough_queries_of_each_sort() -> None:
    sorts = Counter(query.sort for query in queries())
    assert sum(sorts.values()) >= 70
    assert len({query.q for query in queries()}) == sum(sorts.values())
    assert min(sorts.values()) >= 6


def test_each_query_has_a_perfect_answer_and_not_the_whole_shop(all_judged: list[Judged]) -> None:
    for entry in all_judged:
        assert 3 in entry.grades.values(), entry.query
        assert len(entry.grades) <= 100, entry.query


def test_each_rule_is_met_by_some_product() -> None:
    seed = list(products())
    for query in queries():
        for rule in query.rules:
            assert any(rule.meets(item) for item in seed), (query.q, rule)


def test_a_rule_needs_all_its_conditions_and_the_best_rule_counts() -> None:
    item: Product = next(products(1))
    same_leaf = Rule(grade=1, category=item.category)
    exact = Rule(grade=3, category=item.category, brand=item.brand)
    other = Rule(grade=3, category=item.category, brand="Somebody Else")
    assert judge(Query("q", "exact", (same_leaf, other)), [item]).grades == {item.sku: 1}
    assert judge(Query("q", "exact", (same_leaf, exact)), [item]).grades == {item.sku: 3}
    assert judge(Query("q", "exact", (other,)), [item]).grades == {}


def test_products_of_inner_categories_match_their_ancestors() -> None:
    item = next(p for p in products() if p.category == "laptops")
    assert Rule(grade=1, category="electronics").meets(item)
    assert not Rule(grade=1, category="kitchen").meets(item)
