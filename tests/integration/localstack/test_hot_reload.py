"""What watching source files makes of folders in which an editor works."""

import os
import time
from pathlib import Path
from typing import Self

import pytest

from shop_localstack import hot_reload


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_reload, "SCAN_INTERVAL_SECONDS", -1)


def test_dangling_and_circular_links_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/app.py").write_text("1")
    (tmp_path / "package/lock").symlink_to("someone@somewhere.1234")
    (tmp_path / "package/itself").symlink_to("itself")
    before = hot_reload.stamp([str(tmp_path)])
    (tmp_path / "package/up").symlink_to(tmp_path, target_is_directory=True)

    began = time.monotonic()
    hot_reload.stamp([str(tmp_path)])
    assert time.monotonic() - began < 20
    (tmp_path / "package/up").unlink()
    assert hot_reload.stamp([str(tmp_path)]) == before
    (tmp_path / "package/app.py").write_text("12")
    assert hot_reload.stamp([str(tmp_path)]) != before


def test_a_folder_linked_into_itself_is_scanned_once(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("1")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    ((count, _, _),) = hot_reload.stamp([str(tmp_path)])
    assert count == 2


def test_a_file_removed_while_the_folder_is_scanned_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir
    (tmp_path / "app.py").write_text("1")
    (tmp_path / "going.py").write_text("1")
    before = hot_reload.stamp([str(tmp_path)])

    class Scan(list[os.DirEntry[str]]):
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def removing(path: str) -> Scan:
        with scandir(path) as entries:
            listed = Scan(entries)
        (tmp_path / "going.py").unlink(missing_ok=True)
        return listed

    monkeypatch.setattr(os, "scandir", removing)
    assert hot_reload.stamp([str(tmp_path)]) != before
