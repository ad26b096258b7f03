"""``make watch``: run the tests concerned whenever a file has changed."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from watchfiles import DefaultFilter, watch

from shop_local import imports
from shop_local.console import say
from shop_local.paths import CHECKOUT

#: What the tests of the template read.
_TEMPLATE: Final = ("infra/", "events/", "statemachines/")
_OF_TEMPLATE: Final = (
    "tests/unit/test_template.py", "tests/unit/test_function_settings.py", "tests/unit/test_releases.py",
    "tests/unit/test_sample_events.py", "tests/unit/test_state_machines.py",
)  # fmt: skip


def concerned(changed: Iterable[Path], checkout: Path = CHECKOUT) -> list[Path]:
    """Return the tests that a change concerns.

    These are the changed tests, those that import a changed module directly or indirectly, those of a service
    whose handlers do (they load handlers by their path), those of the template, and those in the folder of
    changed fixtures.
    """
    files = set(changed)
    relative = {str(path.relative_to(checkout)) for path in files if path.is_relative_to(checkout)}
    found: set[Path] = set()
    if any(name.startswith(_TEMPLATE) for name in relative):
        found |= {checkout / name for name in _OF_TEMPLATE}
    for path in files:
        if path.name == "conftest.py":
            found |= set(path.parent.rglob("test_*.py"))
    for test in (checkout / "tests").rglob("test_*.py"):
        if files & imports.reachable([test], lazily=True):
            found.add(test)
    for service in (checkout / "functions").iterdir():
        if any(files & imports.reachable([each]) for each in service.glob("*/handler.py")):
            found |= set((checkout / f"tests/functional/{service.name}").rglob("test_*.py"))
    return sorted(found)


def main() -> int:
    """Watch until interrupted."""
    say("watching", "functions, layers, infra, tests; Ctrl-C ends")
    for changes in watch(CHECKOUT, watch_filter=_Sources(), raise_interrupt=False):
        imports.forget()
        tests = concerned(Path(path) for _, path in changes)
        say("changed", ", ".join(sorted({Path(path).name for _, path in changes})))
        if tests:
            names = [str(path.relative_to(CHECKOUT)) for path in tests]
            command = [sys.executable, "-m", "pytest", "-q", "-x", "--failed-first", *names]
            subprocess.run(command, cwd=CHECKOUT, check=False)
        else:
            say("tests", "none are concerned")
    return 0


class _Sources(DefaultFilter):
    """Sources of the checkout; environments, caches and what tests write are not."""

    ignore_dirs = (
        *DefaultFilter.ignore_dirs,
        ".local",
        ".aws-sam",
        ".ruff_cache",
        ".import_linter_cache",
    )


if __name__ == "__main__":
    sys.exit(main())
