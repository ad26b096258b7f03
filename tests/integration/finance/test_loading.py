"""Prices are loaded once; a list that was loaded is never changed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from shop.entrypoints.commands.load_prices import PricesNotLoaded
from shop_local.paths import INFRASTRUCTURE
from tests.support import finance
from tests.support.stock import query


@pytest.fixture
def infrastructure(tmp_path: Path) -> Path:
    (tmp_path / "pricing").mkdir()
    for name in ("data.yaml", "template.yaml", "pricing/us-east-1.json"):
        shutil.copy(INFRASTRUCTURE / name, tmp_path / name)
    return tmp_path


def change(infrastructure: Path, **fields: Any) -> None:
    """Change the file of prices: fields of its own, or the price of e-mail."""
    path = infrastructure / "pricing/us-east-1.json"
    content = json.loads(path.read_bytes())
    if email := fields.pop("email", None):
        (entry,) = (each for each in content["prices"] if each["key"] == "email")
        entry["price"] = email
    path.write_text(json.dumps(content | fields))


def test_a_list_is_loaded_once(database: str, infrastructure: Path) -> None:
    assert len(finance.load(database, infrastructure)) == 1
    before = query(database, "SELECT * FROM price_lists ORDER BY key")
    assert finance.load(database, infrastructure) == []
    assert query(database, "SELECT * FROM price_lists ORDER BY key") == before


def test_an_edited_list_is_refused_and_a_new_version_is_loaded(
    database: str, infrastructure: Path
) -> None:
    finance.load(database, infrastructure)
    change(infrastructure, email="0.0002")
    with pytest.raises(PricesNotLoaded, match=r"us-east-1\.json: .*another version"):
        finance.load(database, infrastructure)
    change(infrastructure, version="2099-01-01")
    assert finance.load(database, infrastructure) == ["us-east-1 2099-01-01"]
    assert query(
        database, "SELECT price::text FROM price_lists WHERE key = 'email' ORDER BY version"
    ) == [("0.0001",), ("0.0002",)]


def test_the_floor_follows_the_templates(database: str, infrastructure: Path) -> None:
    finance.load(database, infrastructure)
    data = infrastructure / "data.yaml"
    data.write_text(
        data.read_text().replace(
            "CacheNodes: 1",
            "CacheNodes: 3",
        )
    )
    finance.load(database, infrastructure)
    assert query(database, "SELECT quantity FROM floor_items WHERE name = 'Cache nodes'") == [
        (3 * 730,)
    ]


def test_a_price_that_the_floor_lacks_is_named(database: str, infrastructure: Path) -> None:
    data = infrastructure / "data.yaml"
    data.write_text(
        data.read_text().replace("CacheClass: cache.t4g.micro", "CacheClass: cache.r7g.large")
    )
    with pytest.raises(
        PricesNotLoaded, match=r"no price valkey\.cache\.r7g\.large\.hour .* of us-east-1"
    ):
        finance.load(database, infrastructure)
    assert query(database, "SELECT count(*) FROM price_lists") == [(0,)]
