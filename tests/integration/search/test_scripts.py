"""Search in every script and by SKU: one table of cases for both engines, and for suggestions."""

import unicodedata

import pytest

from shop.adapters.postgres.database import Database
from shop.domain.scripts import bigrams, folded, plain_sku
from shop.services.search.ports import SearchEngine
from tests.support.builders import add_product
from tests.support.search import find, names

_DECOMPOSED = unicodedata.normalize("NFD", "Crème Brûlée Bowl, Ångström")
#: name, SKU
_PRODUCTS = {
    "ワイヤレスイヤホン 防水": "JP-EAR-0042",
    "無線ボタン": "JP-BTN-0007",
    "蓝牙降噪耳机": "CN-AUD-1180",
    "智能手机保护壳": "CN-CAS-1181",
    "무선이어폰 방수": "KR-EAR-2001",
    "เครื่องชงกาแฟอัตโนมัติ": "TH-COF-3001",
    "سَمَّاعَات لاسلكية": "AR-EAR-4001",
    "Беспроводные наушники Йота": "RU-EAR-5001",
    "Ασύρματα ακουστικά Ήχος": "GR-EAR-6001",
    _DECOMPOSED: "FR-BWL-7001",
    "USBケーブル 2本": "JP-CBL-0100",
    "Plain Anvil": "ACME.anvil_X9",
}
#: what is typed, the name that is found first
_CASES = [
    ("イヤホン", "ワイヤレスイヤホン 防水"),
    ("ワイヤレス", "ワイヤレスイヤホン 防水"),
    ("防水 イヤホン", "ワイヤレスイヤホン 防水"),
    ("ｲﾔﾎﾝ", "ワイヤレスイヤホン 防水"),
    ("ボタン", "無線ボタン"),
    ("耳机", "蓝牙降噪耳机"),
    ("降噪", "蓝牙降噪耳机"),
    ("手机", "智能手机保护壳"),
    ("壳", "智能手机保护壳"),
    ("이어폰", "무선이어폰 방수"),
    ("방수", "무선이어폰 방수"),
    ("กาแฟ", "เครื่องชงกาแฟอัตโนมัติ"),
    ("เครื่องชง", "เครื่องชงกาแฟอัตโนมัติ"),
    ("سماعات", "سَمَّاعَات لاسلكية"),
    ("لاسلكية", "سَمَّاعَات لاسلكية"),
    ("наушники", "Беспроводные наушники Йота"),
    ("ЙОТА", "Беспроводные наушники Йота"),
    ("ακουστικα", "Ασύρματα ακουστικά Ήχος"),
    ("ΉΧΟΣ", "Ασύρματα ακουστικά Ήχος"),
    ("creme brulee", _DECOMPOSED),
    ("Crème", _DECOMPOSED),
    (unicodedata.normalize("NFD", "brûlée"), _DECOMPOSED),
    ("angstrom", _DECOMPOSED),
    ("ケーブル", "USBケーブル 2本"),
    ("usb", "USBケーブル 2本"),
    ("usbケーブル", "USBケーブル 2本"),
    ("JP-EAR-0042", "ワイヤレスイヤホン 防水"),
    ("jp-ear-0042", "ワイヤレスイヤホン 防水"),
    ("JPEAR0042", "ワイヤレスイヤホン 防水"),
    ("ear-0042", "ワイヤレスイヤホン 防水"),
    (" 1180 ", "蓝牙降噪耳机"),
    ("cn-aud", "蓝牙降噪耳机"),
    ("acme.anvil_x9", "Plain Anvil"),
    ("ACMEanvilX9", "Plain Anvil"),
    ("anvil_x", "Plain Anvil"),
]  # fmt: skip


@pytest.fixture(scope="module")
def catalog_url(catalog_url: str) -> str:
    """The small catalog and the products of the table."""
    database = Database(catalog_url)
    for name, sku in _PRODUCTS.items():
        add_product(database, name=name, sku=sku, brand="", description="")
    # Words of the name do not come before a SKU.
    add_product(database, name="Anvil_x acme.anvil_x9 1180 ear-0042 Poster", sku="ZZ-1", brand="")
    database.close()
    return catalog_url


@pytest.mark.parametrize(("typed", "meant"), _CASES)
def test_found_first(engine: SearchEngine, typed: str, meant: str) -> None:
    """A30: names in scripts without spaces, or a SKU, find nothing (shuup #434, jetpack #18480)."""
    page = find(engine, typed)
    assert names(page)[:1] == [meant]
    assert page.did_you_mean is None


@pytest.mark.parametrize(("typed", "meant"), _CASES)
def test_suggested_first(engine: SearchEngine, typed: str, meant: str) -> None:
    assert [each.name for each in engine.suggest(typed, 5).suggestions][:1] == [meant]


@pytest.mark.parametrize("typed", ["イホ", "ホンワ", "机手", "폰무", "กาฟ", "ン防", "ホタン"])
def test_letters_in_another_order_find_nothing(engine: SearchEngine, typed: str) -> None:
    assert find(engine, typed).total == 0
    assert not engine.suggest(typed, 5).suggestions


def test_words_are_not_taken_for_parts_of_a_sku(engine: SearchEngine) -> None:
    assert names(find(engine, "btn")) == []
    assert find(engine, "laptop").total == 5


def test_a_sku_obeys_the_filters(engine: SearchEngine) -> None:
    assert find(engine, "JP-EAR-0042", categories=("novels",)).total == 0
    assert find(engine, "jp-ear-0042", categories=("phones",)).total >= 1


@pytest.mark.parametrize(
    "text",
    [
        *_PRODUCTS,
        *(typed for typed, _ in _CASES),
        "Straße İstanbul ﬁne Łódź",
        "ΟΔΌΣ",
        "a\u0301",
        "",
    ],
)
def test_the_database_folds_as_the_code_does(catalog: Database, text: str) -> None:
    with catalog.autocommit() as transaction:
        row = transaction.row(
            "SELECT folded(%(text)s) AS folded, bigrams(folded(%(text)s)) AS pairs,"
            " plain_sku(%(text)s) AS sku",
            {"text": text},
        )
    assert row is not None
    assert (row.folded, row.pairs, row.sku) == (
        folded(text),
        bigrams(folded(text)),
        plain_sku(text),
    )
