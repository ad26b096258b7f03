"""The scoreboard: failures that other platforms' users report, and the tests that name them here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from documents.tables import markdown

#: Reported failures and their sources (public issue trackers, 2022 to 2026).
FAILURES: Final[dict[str, tuple[str, str]]] = {
    "A1": (
        "oversell by read-modify-write of stock",
        "vendure #1738 #1355 #3508 #3065; saleor #543; medusa #16569",
    ),
    "A2": (
        "two lines of one product are checked one by one and oversell together",
        "medusa #16502",
    ),
    "A3": ("negative reserved quantity", "medusa #12401"),
    "A4": (
        "double capture, duplicate payment intent",
        "medusa #13301 #12790; saleor #19220 #14926",
    ),
    "A5": ("charged without an order", "medusa #13301 #4946"),
    "A6": ("compensation leaks stock", "medusa #13625"),
    "A7": (
        "duplicate or out-of-order webhooks settle twice",
        "saleor #9961 #10165; vendure #2462; pinelab #620",
    ),
    "A8": (
        "events lost between commit and broker, or sent for what was rolled back",
        "medusa #6016 #14357; vendure #1107",
    ),
    "A9": ("slow cart, quadratic in its lines", "medusa #10751; vendure #3075 #3459 #226"),
    "A10": ("N+1 queries", "vendure #4387; saleor #7004"),
    "A11": (
        "cart merge repeated on retry; carts expire after one day instead of seven",
        "aws-serverless-shopping-cart",
    ),
    "A12": ("order total taken from what the client sent", "aws-serverless-ecommerce-platform"),
    "A13": ("status overwritten by late events", "aws-serverless-ecommerce-platform"),
    "A14": ("a lapsed hold still blocks stock", "commercetools; saleor"),
    "A15": (
        "double execution through an idempotency record in Redis",
        "powertools-lambda-python #8386 #8387",
    ),
    "A16": ("idle AMQP connection dropped, next publish lost", "pika #636 #1104 #1243"),
    "A17": ("5xx responses replayed as the idempotent response", "spree"),
    "A18": (
        "cold start of 0.8 s from eager imports",
        "powertools-lambda-python #8406 #4372",
    ),
    "A19": (
        "a refund made at the provider is not booked; a later one is wrong or refused",
        "openfoodnetwork #5449; Sylius StripePlugin PR #101; Hi.Events #1067",
    ),
    "A20": (
        "wrong refundable amount; discount or tax moves to other lines",
        "medusa #13883 #14136 #15885; vendure #989 #4811",
    ),
    "A21": (
        "tax silently zero because a region is spelled otherwise",
        "medusa #14571; bagisto #1467",
    ),
    "A22": (
        "totals of prices that include tax off by a cent; tax of shipping missing",
        "vendure #3047 #2662 #4474; woocommerce #23917",
    ),
    "A23": (
        "wrong currency exponent: amounts a tenth or a hundred times as large",
        "woocommerce-gateway-stripe #2720; Paymenter #1258",
    ),
    "A24": (
        "a postal code is required in a country without postal codes",
        "reaction #3530; odoo #985; woocommerce #50752",
    ),
    "A25": ("a declined card empties the cart", "evershop #623; grandnode #1106"),
    "A26": (
        "a guest's orders are lost on sign-up; no e-mail for guests",
        "openfoodnetwork #7905; woocommerce #29138",
    ),
    "A27": (
        "one cart, two orders",
        "shopware #19943; woocommerce #14541; PrestaShop #17991",
    ),
    "A28": (
        "an abandoned bank authentication blocks stock",
        "woocommerce #20928 #14625 #14587",
    ),
    "A29": (
        "pages repeat and skip results during writes; an exception past 10,000",
        "medusa #5800; shopware #12719",
    ),
    "A30": (
        "names in scripts without spaces, or a pasted SKU, find nothing",
        "shuup #434; jetpack #18480",
    ),
    "A31": (
        "a deleted product's SKU can never be used again",
        "craft #718; medusa #270",
    ),
    "A32": (
        "a line that cannot be bought blocks or distorts the cart",
        "magento2 #35780; saleor #16155 #16156",
    ),
}
#: The failures that the README shows, each with one of its tests.
TELLING: Final = {
    "A1": "test_two_hundred_buyers_of_fifty",
    "A4": "test_a4_the_same_payment_twenty_times_at_once_is_one_charge",
    "A5": "test_a5_the_order_and_its_payment_are_recorded_before_stripe_is_called",
    "A8": "test_broker_unavailable_between_payment_and_confirmation",
    "A14": "test_a_hold_stops_counting_at_its_end_to_the_second",
}
_CITATION: Final = re.compile(rf"\b(?:{'|'.join(FAILURES)})\b")


def tests(checkout: Path) -> dict[str, list[str]]:
    """Return the tests that cite each failure in their docstring, as ``path::name``.

    Raises
    ------
    ValueError
        If no test cites one of them.
    """
    found: dict[str, list[str]] = {name: [] for name in FAILURES}
    for name, test in _citations(checkout):
        if test not in found[name]:
            found[name].append(test)
    for name, cited in found.items():
        if not cited:
            raise ValueError(f"no test cites {name}: {FAILURES[name][0]}")
    return found


def scoreboard(checkout: Path) -> str:
    """Make the README's summary: the counts, and the most telling lines.

    Raises
    ------
    ValueError
        If no test cites one of the failures, or a chosen test does not.
    """
    cited = tests(checkout)
    count = len({test for found in cited.values() for test in found})
    rows = []
    for name, chosen in TELLING.items():
        shown = [test for test in cited[name] if test.endswith(f"::{chosen}")]
        if not shown:
            raise ValueError(f"{chosen} does not cite {name}")
        rows.append((*FAILURES[name], _links(shown, len(cited[name]), "")))
    return (
        f"{len(FAILURES)} failures, {count} tests that cite them. Five of them:\n\n"
        f"{markdown(('failure', 'reported at', 'tests'), rows)}"
    )


def table(checkout: Path) -> str:
    """Make the whole table, for a page in ``docs/``.

    Raises
    ------
    ValueError
        If no test cites one of the failures.
    """
    rows = (
        (name, *FAILURES[name], _links(cited[:3], len(cited), "../"))
        for name, cited in tests(checkout).items()
    )
    return markdown(("", "failure", "reported at", "tests"), rows)


def _links(shown: list[str], count: int, base: str) -> str:
    split = (test.split("::") for test in shown)
    links = [f"[{name}]({base}{path})" for path, name in split]
    more = [f"and {count - len(shown)} more"] if count > len(shown) else []
    return "<br>".join([*links, *more])


def _citations(checkout: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(
        path for folder in ("tests", "tools") for path in (checkout / folder).rglob("test_*.py")
    ):
        module = ast.parse(path.read_text())
        place = path.relative_to(checkout)
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for name in _CITATION.findall(ast.get_docstring(node) or ""):
                    yield name, f"{place}::{node.name}"
