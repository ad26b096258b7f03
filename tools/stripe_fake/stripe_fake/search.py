"""Stripe's search language, as far as PaymentIntents have it.

``metadata['order_id']:'7' AND status:'succeeded'``, ``amount>=1000``, ``-status:'canceled'``;
clauses are joined by AND or by OR, not by both.
"""

from __future__ import annotations

import operator
import re
from typing import Any

from stripe_fake import params
from stripe_fake.call import Call
from stripe_fake.errors import ApiError, invalid
from stripe_fake.lists import limit_of
from stripe_fake.params import integer, required, text

PARAMS: params.Table = {**params.EXPAND, "limit": integer, "page": text, "query": text}

_CLAUSE = re.compile(
    r"""(?P<minus>-)?(?P<field>\w+)(?:\[(?P<q>["'])(?P<key>.+?)(?P=q)\])?\s*
        (?P<op><=|>=|[:<>~])\s*
        (?:(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote)).)*)(?P=quote)
          |(?P<number>-?\d+)|(?P<null>null))""",
    re.VERBOSE,
)
_JOIN = re.compile(r"\s+(AND|OR)\s+|\s+", re.IGNORECASE)
_FIELDS = frozenset({"amount", "created", "currency", "customer", "metadata", "status"})
_NUMERIC = frozenset({"amount", "created"})
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _bad(query: str, why: str) -> ApiError:
    return invalid(
        f"We were unable to parse your search query: {query} ({why}). See"
        " https://stripe.com/docs/search#search-query-language for details.",
        param="query",
    )


def parse(query: str) -> tuple[str, list[re.Match[str]]]:
    """Return how the clauses are joined and the clauses."""
    clauses: list[re.Match[str]] = []
    joins: set[str] = set()
    at = 0
    query = query.strip()
    while True:
        clause = _CLAUSE.match(query, at)
        if clause is None:
            raise _bad(query, f"no clause at position {at}")
        field, op = clause["field"], clause["op"]
        if field not in _FIELDS or (field == "metadata") is not (clause["key"] is not None):
            raise _bad(query, f"field {field} is not searchable")
        if op in _COMPARE and field not in _NUMERIC:
            raise _bad(query, f"{op} needs a numeric field")
        clauses.append(clause)
        at = clause.end()
        if at == len(query):
            break
        joint = _JOIN.match(query, at)
        if joint is None:
            raise _bad(query, f"no AND or OR at position {at}")
        joins.add((joint[1] or "AND").upper())
        at = joint.end()
    if len(joins) > 1:
        raise _bad(query, "AND and OR cannot be mixed")
    return (joins.pop() if joins else "AND"), clauses


def _holds(intent: dict[str, Any], clause: re.Match[str]) -> bool:
    field = clause["field"]
    actual = intent["metadata"].get(clause["key"]) if field == "metadata" else intent[field]
    if clause["null"]:
        found = actual is None
    else:
        wanted = clause["value"]
        wanted = clause["number"] if wanted is None else re.sub(r"\\(.)", r"\1", wanted)
        if actual is None:
            found = False
        elif clause["op"] in _COMPARE:
            found = _COMPARE[clause["op"]](actual, int(wanted))
        elif clause["op"] == "~":
            found = wanted.lower() in str(actual).lower()
        else:
            found = str(actual).lower() == wanted.lower()
    return found is not bool(clause["minus"])


def _order(join: str, clauses: list[re.Match[str]]) -> str | None:
    """Return the order all results are of, if the query says so."""
    for clause in clauses if join == "AND" else ():
        if clause["key"] == "order_id" and clause["op"] == ":" and not clause["minus"]:
            return clause["value"]
    return None


def payment_intents(call: Call) -> dict[str, Any]:
    """Answer ``GET /v1/payment_intents/search``; ``search_delay_seconds`` old ones are seen."""
    join, clauses = parse(required(call.params, "query"))
    every = all if join == "AND" else any
    visible = call.store.clock() - call.store.setting("search_delay_seconds")
    found = [
        intent
        for intent in call.store.everything("payment_intent", _order(join, clauses))
        if intent["created"] <= visible and every(_holds(intent, clause) for clause in clauses)
    ]
    limit = limit_of(call)
    page = call.params.get("page", "0")
    if not page.isdecimal():
        raise invalid(f"Invalid page: {page}", param="page")
    start = int(page)
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "data": found[start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": "/v1/payment_intents/search",
    }
