"""Password hashes."""

import time
from unittest.mock import patch

import pytest

from shop.domain import passwords


def test_right_and_wrong() -> None:
    stored = passwords.hash_password("correct horse")

    assert passwords.verify_password("correct horse", stored)
    assert not passwords.verify_password("correct house", stored)


def test_the_hash_contains_its_parameters() -> None:
    with patch.object(passwords, "_COST", 2**10):
        old = passwords.hash_password("correct horse")

    assert old.startswith("scrypt$1024$8$3$")
    assert passwords.verify_password("correct horse", old)


def test_equal_passwords_have_different_hashes() -> None:
    with patch.object(passwords, "_COST", 2**10):
        assert passwords.hash_password("same same") != passwords.hash_password("same same")


def test_an_unknown_customer_takes_the_same_work() -> None:
    stored = passwords.hash_password("correct horse")

    def seconds(hashed: str | None) -> float:
        started = time.process_time()
        passwords.verify_password("guess", hashed)
        return time.process_time() - started

    assert not passwords.verify_password("", None)
    known, unknown = seconds(stored), seconds(None)
    assert unknown > known / 2


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="bcrypt"):
        passwords.verify_password("x", "bcrypt$1$2$3$4$5")
