"""Relevance of both search engines: nDCG@10 and recall@20 over the judged queries.

Usage: ``make relevance`` while the shop runs (or ``python -m bench.relevance`` with SHOP_DATABASE_URL and
SHOP_OPENSEARCH_URL set); ``--queries`` lists every query.

The queries are split by their position: between variants of boosts and thresholds the even ones decided,
the odd ones were held out. The synonyms are general vocabulary of shops, but were written by somebody who had
seen the queries: judge them by the rows that are not called "synonym".
"""

import argparse
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from uuid import UUID

from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.domain.errors import DependencyUnavailable
from shop.domain.search import SearchQuery
from shop.services.search.ports import SearchEngine
from shop_local import stack
from shop_local.paths import State, default_state_folder
from shop_local.seed import judged, products


@dataclass(frozen=True, slots=True)
class Score:
    """How well one query was answered; `held_out`: not looked at while tuning."""

    query: str
    sort: str
    ndcg: float
    recall: float
    held_out: bool


def evaluate(engine: SearchEngine) -> list[Score]:
    """Run all judged queries on the catalog of 1,000 products."""
    skus = {item.id: item.sku for item in products()}
    return [
        Score(
            query=entry.query,
            sort=entry.sort,
            ndcg=ndcg(entry.grades, found := _found(engine, entry.query, skus)),
            recall=recall(entry.grades, found),
            held_out=position % 2 == 1,
        )
        for position, entry in enumerate(judged())
    ]


def ndcg(grades: Mapping[str, int], found: Sequence[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain: 1 if the order is ideal.

    A product of grade g is worth 2^g - 1, divided by the logarithm of its position.
    """
    ideal = sorted(grades.values(), reverse=True)
    return _gain(grades.get(sku, 0) for sku in found[:depth]) / _gain(ideal[:depth])


def recall(grades: Mapping[str, int], found: Sequence[str], depth: int = 20) -> float:
    """Share of the relevant products, of any grade, that are among the first so many."""
    return sum(sku in grades for sku in found[:depth]) / min(depth, len(grades))


def _gain(grades: Iterable[int]) -> float:
    return sum(float(2**grade - 1) / math.log2(place) for place, grade in enumerate(grades, 2))


def _found(engine: SearchEngine, query: str, skus: Mapping[UUID, str]) -> list[str]:
    page = engine.search(SearchQuery(text=query, per_page=20))
    return [skus.get(found.product_id, "") for found in page.results]


def _engines(environment: Mapping[str, str]) -> dict[str, SearchEngine]:
    engines: dict[str, SearchEngine] = {
        "postgresql": PostgresSearchEngine(Database(environment["SHOP_DATABASE_URL"]))
    }
    if url := environment.get("SHOP_OPENSEARCH_URL"):
        engines["opensearch"] = OpenSearchEngine(url)
    return engines


def _report(results: Mapping[str, Sequence[Score]], *, each_query: bool) -> None:
    def line(title: str, chosen: Mapping[str, Sequence[Score]]) -> None:
        number = len(next(iter(chosen.values())))
        cells = "".join(
            f"{fmean(s.ndcg for s in scores):>14.3f}{fmean(s.recall for s in scores):>11.3f}"
            for scores in chosen.values()
        )
        print(f"{title:<30.30}{number:>4}{cells}")

    print(" " * 34 + "".join(f"{name:>25}" for name in results))
    print(f"{'queries':<30}{'n':>4}" + f"{'nDCG@10':>14}{'recall@20':>11}" * len(results))
    line("all", results)
    for title, held_out in (("tuned on", False), ("held out", True)):
        line(
            title,
            {
                name: [s for s in scores if s.held_out == held_out]
                for name, scores in results.items()
            },
        )
    kinds = "query" if each_query else "sort"
    for kind in dict.fromkeys(getattr(score, kinds) for score in next(iter(results.values()))):
        line(
            f"  {kind}",
            {
                name: [s for s in scores if getattr(s, kinds) == kind]
                for name, scores in results.items()
            },
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Relevance of both search engines.")
    parser.add_argument("--queries", action="store_true", help="list every query")
    arguments = parser.parse_args()
    environment: Mapping[str, str] = os.environ
    try:
        if "SHOP_DATABASE_URL" not in environment:
            environment = stack.load_env(State(default_state_folder()))
        results = {name: evaluate(engine) for name, engine in _engines(environment).items()}
    except DependencyUnavailable as unavailable:
        parser.exit(
            1, f"{unavailable.detail} Is the shop up, and was the index built (make reindex)?\n"
        )
    except stack.StackError as error:
        parser.exit(1, f"{error}\n")
    _report(results, each_query=arguments.queries)
    if "opensearch" not in results:
        print("No OpenSearch is configured: one engine only.")


if __name__ == "__main__":
    main()
