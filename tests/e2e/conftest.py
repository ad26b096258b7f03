"""One deployed stack for all tests of this folder: started by the first, stopped after the last.

With ``SHOP_E2E_RUNNING`` set to the state folder of a stack that is up, that one is used and left up.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shop_local.paths import State
from tests.e2e.client import Shop
from tests.e2e.deployment import Stack, run
from tests.support.checks import violations
from tests.support.laptop import LazyServices
from tests.support.processes import runs


@pytest.fixture(scope="session")
def stack(laptop: LazyServices) -> Iterator[Stack]:
    """The shop, deployed to LocalStack, with its servers."""
    if running := os.environ.get("SHOP_E2E_RUNNING", "").strip():
        yield Stack(State(Path(running)))
        return
    state = State(laptop.state.folder / "e2e")
    run(state, "reset")
    family: list[psutil.Process] = []
    try:
        run(state, "up")
        stack = Stack(state)
        yield stack
        family = stack.processes()
    finally:
        run(state, "down")
    left = [process for process in family if runs(process)]
    assert left == [], "`down` leaves processes behind"


@pytest.fixture(scope="session")
def shop(stack: Stack) -> Iterator[Shop]:
    """Its API, with nobody logged in."""
    with Shop(stack.values["SHOP_API_URL"], stack.values) as opened:
        yield opened


@pytest.fixture
def books(stack: Stack) -> Iterator[None]:
    """Run the operators' checks on the database at the end of a test."""
    yield
    assert violations(stack.values["SHOP_DATABASE_URL"]) == []
