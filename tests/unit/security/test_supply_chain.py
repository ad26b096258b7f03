"""What is installed: locked by hash, under licences that the shop can be distributed with, by a pinned uv."""

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from shop_local.paths import CHECKOUT

_LOCKS: Final = sorted((CHECKOUT / "requirements").glob("*.txt"))
#: Parts of the expressions and classifiers of licences that permit use in a closed product.
_ALLOWED: Final = re.compile(
    r"MIT|Apache|BSD|ISC|PSF|Python Software Foundation|MPL-2\.0|Mozilla Public License 2\.0"
)
#: Under the LGPL, which allows use as a library that can be exchanged, as a layer's folder can.
_LIBRARIES: Final = {"psycopg", "psycopg-binary"}


def _lines(lock: Path) -> list[str]:
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and "#" not in line.lstrip()[:1]]


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_hash_and_no_host_is_named(lock: Path) -> None:
    lines = _lines(lock)
    assert lines
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+==[^\s;]+", line), line
        assert "--hash=sha256:" in line, line
        assert "://" not in line, line


@pytest.mark.parametrize("lock", ["runtime.txt", "stripe.txt"])
def test_the_layers_contain_allowed_licences_only(lock: str) -> None:
    for line in _lines(CHECKOUT / "requirements" / lock):
        if "sys_platform == 'win32'" in line:
            continue
        name = line.partition("==")[0]
        about = metadata.metadata(name)
        said = [about.get("License-Expression") or "", about.get("License") or ""]
        said += [each for each in about.get_all("Classifier") or [] if each.startswith("License")]
        if name in _LIBRARIES:
            assert any("LGPL" in each or "Lesser General" in each for each in said), (name, said)
        else:
            assert any(map(_ALLOWED.search, said)), (name, said)
            assert not any("GPL" in each for each in said), (name, said)


def test_uv_is_pinned() -> None:
    script = (CHECKOUT / "infra/local/environment.sh").read_text()
    assert re.search(r"^uv_version=\d+\.\d+\.\d+$", script, re.M)
    assert re.findall(r"(?:--target \.local/uv|uv)\s+uv$", script, re.M) == []


def test_secrets_are_looked_for_before_a_commit() -> None:
    assert "entry: make secrets" in (CHECKOUT / ".pre-commit-config.yaml").read_text()
    makefile = (CHECKOUT / "Makefile").read_text()
    assert re.search(r"^secrets:", makefile, re.M)
    assert re.search(r"^test: .*\bsecrets\b", makefile, re.M), "CI runs `make test`"
    baseline = json.loads((CHECKOUT / ".secrets.baseline").read_text())
    detectors = {each["name"] for each in baseline["plugins_used"]}
    assert detectors >= {
        "AWSKeyDetector",
        "StripeDetector",
        "PrivateKeyDetector",
        "JwtTokenDetector",
    }
    assert baseline["results"] == {}, "nothing is known and left"
