"""Many buyers check out one product at once, through the API Gateway URL of the running laptop.

Sessions and carts are created first; the measurement runs from the first checkout sent to the last answer.
Exactly the stock must be sold, every other buyer must get 400 insufficient_stock, and nothing may fail. Runs
against what `make up` has started, so clients, LocalStack, functions and servers share this machine's CPUs.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Barrier

import httpx

from bench.measuring import machine, percentile, table
from shop_local.paths import State, default_state_folder
from shop_local.stack import StackError, load_env
from tests.e2e.client import Shop

BUYERS, STOCK, ROUNDS, GOAL_SECONDS = 200, 50, 3, 10.0


def rush(
    shop: Shop, crowd: ThreadPoolExecutor, buyers: int, stock: int
) -> tuple[float, list[float], str]:
    """Run one rush; return total seconds, seconds of each answer, and the problems found."""
    product = shop.product(stock=stock)
    tokens = list(crowd.map(lambda _: shop.guest(), range(buyers)))
    carts = list(crowd.map(lambda token: shop.add(token, product), tokens))
    together = Barrier(buyers)

    def check_out(token: str, cart_id: str) -> tuple[float, float, httpx.Response]:
        together.wait(timeout=60)
        sent = time.perf_counter()
        answer = shop.check_out(token, cart_id)
        return sent, time.perf_counter(), answer

    done = list(crowd.map(check_out, tokens, carts))
    found = Counter((each.status_code, each.json().get("code", "")) for _, _, each in done)
    expected = {(201, ""): stock, (400, "insufficient_stock"): buyers - stock}
    took = max(answered for _, answered, _ in done) - min(sent for sent, _, _ in done)
    times = [answered - sent for sent, answered, _ in done]
    return took, times, "" if found == expected else str(dict(found))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--buyers", type=int, default=BUYERS, help=f"({BUYERS})")
    parser.add_argument("--stock", type=int, default=STOCK, help=f"({STOCK})")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"rushes, one after another ({ROUNDS})"
    )
    options = parser.parse_args()
    state = State(default_state_folder())
    try:
        values = load_env(state)
    except StackError as error:
        sys.exit(str(error))
    rows, failures, seconds = [], [], []
    with Shop(values["SHOP_API_URL"], values) as shop, ThreadPoolExecutor(options.buyers) as crowd:
        for number in range(1, options.rounds + 1):
            took, times, wrong = rush(shop, crowd, options.buyers, options.stock)
            seconds.append(took)
            failures += [f"rush {number}: {wrong}"] if wrong else []
            rows.append(
                [number, "no" if wrong else "yes", f"{took:.1f}", f"{percentile(times, 50):.1f}",
                 f"{percentile(times, 95):.1f}"]
            )  # fmt: skip
    print(f"{options.buyers} buyers of {options.stock} through API Gateway. {machine()}\n")
    table(["rush", "exactly the stock sold", "seconds in all", "p50", "p95"], rows)
    middle = median(seconds)
    print(
        f"\nmedian {middle:.1f} s, goal {GOAL_SECONDS:.0f} s on 2 CPUs:"
        f" {'met' if middle <= GOAL_SECONDS else 'NOT met'}"
    )
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
