"""Migrations do not lock out the release that is running: `squawk`, a linter of PostgreSQL's migrations."""

import re
import subprocess
from pathlib import Path

import pytest

from shop_local.paths import CHECKOUT, MIGRATIONS


def _lint(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHECKOUT / ".venv/bin/squawk", "--config", CHECKOUT / ".squawk.toml", "--reporter", "gcc", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE orders ALTER COLUMN total_minor TYPE numeric;", "changing-column-type"),
        ("ALTER TABLE orders ALTER COLUMN email SET NOT NULL;", "adding-not-nullable-field"),
        ("ALTER TABLE orders ADD COLUMN note text NOT NULL;", "adding-required-field"),
        ("CREATE INDEX idx_orders_phone ON orders (phone);", "require-concurrent-index-creation"),
        ("ALTER TABLE orders DROP COLUMN phone;", "ban-drop-column"),
        ("DROP TABLE links;", "ban-drop-table"),
        ("ALTER TABLE orders RENAME COLUMN phone TO telephone;", "renaming-column"),
        ("ALTER TABLE orders RENAME TO purchases;", "renaming-table"),
        ("ALTER TABLE orders ADD CONSTRAINT c CHECK (total_minor > 0);", "constraint-missing-not-valid"),
    ],
)  # fmt: skip
def test_a_statement_that_rewrites_locks_or_removes_is_refused(
    tmp_path: Path, statement: str, rule: str
) -> None:
    path = tmp_path / "0999_refused.sql"
    path.write_text(f"{statement}\n")
    found = _lint(path)
    assert found.returncode == 1
    assert f"warning: {rule} " in found.stdout
    path.write_text(f"-- squawk-ignore {rule}\n{statement}\n")
    assert f"warning: {rule} " not in _lint(path).stdout


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders ADD COLUMN note text;",
        "ALTER TABLE orders ADD COLUMN gift boolean NOT NULL DEFAULT false;",
        "CREATE TABLE gifts (id uuid PRIMARY KEY, note text NOT NULL); CREATE INDEX g ON gifts (note);",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (total_minor > 0) NOT VALID;",
    ],
)
def test_a_statement_that_only_adds_is_accepted(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "0999_accepted.sql"
    path.write_text(f"{statement}\n")
    found = _lint(path)
    assert (found.returncode, found.stdout) == (0, "")


def test_an_exception_from_the_rules_has_its_reason_above_it() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        lines = path.read_text().splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if "squawk-ignore" in line:
                assert re.match(r"-- \S+ \S+", above), f"{path.name}: say why above: {line}"
