"""One-time codes and recovery codes."""

import base64

import pytest

from shop.domain import one_time_codes
from shop.domain.ids import new_id

_KEYS = ("a" * 32, "b" * 32)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(monkeypatch: pytest.MonkeyPatch, now: int, code: str) -> None:
    """Appendix B has eight digits, of which these are the last six."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    step = now // one_time_codes.STEP_SECONDS
    for steps, found in ((-2, None), (-1, step), (0, step), (1, step), (2, None)):
        moved = now + steps * one_time_codes.STEP_SECONDS
        monkeypatch.setattr(one_time_codes, "time", lambda moved=moved: moved)
        assert one_time_codes.matching_step(secret, code) == found


def test_a_secret_is_of_its_key_account_and_enrolment() -> None:
    account, other = new_id(), new_id()
    factor = one_time_codes.new_factor(_KEYS, account)
    secrets = {
        one_time_codes.secret_of(_KEYS, factor),
        one_time_codes.secret_of(_KEYS, one_time_codes.new_factor(_KEYS, account)),
        one_time_codes.secret_of(_KEYS, one_time_codes.new_factor(_KEYS, other)),
        one_time_codes.secret_of(_KEYS, one_time_codes.new_factor(_KEYS[1:], account)),
    }
    assert len(secrets) == 4
    assert None not in secrets
    assert one_time_codes.secret_of(_KEYS[::-1], factor) == one_time_codes.secret_of(_KEYS, factor)
    assert one_time_codes.secret_of(_KEYS[1:], factor) is None


def test_recovery_codes_are_random_and_of_one_account() -> None:
    codes = one_time_codes.new_recovery_codes()
    assert len(set(codes)) == one_time_codes.RECOVERY_CODES
    assert all(one_time_codes.is_recovery_code(code) for code in codes)
    account, code = new_id(), codes[0]
    digest = one_time_codes.recovery_digest(account, code)
    assert digest == one_time_codes.recovery_digest(account, code.upper())
    assert digest != one_time_codes.recovery_digest(new_id(), code)
