"""One-time codes (TOTP, RFC 6238) with six digits and steps of 30 seconds, and recovery codes."""

import base64
import hashlib
import hmac
import secrets
from time import time
from typing import Final
from uuid import UUID

import pyotp

from shop.domain.second_factors import SecondFactor

STEP_SECONDS: Final = 30
RECOVERY_CODES: Final = 10
_NONCE_BYTES: Final = 16
_SECRET_BYTES: Final = 20  # 160 bits, as RFC 4226 recommends
_KEY_ID_BYTES: Final = 8
_RECOVERY_BYTES: Final = 10
_GROUP: Final = 4


def new_factor(keys: tuple[str, ...], customer_id: UUID) -> SecondFactor:
    """Return a second factor that is not confirmed, with a secret that is derived from the first key."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return SecondFactor(customer_id=customer_id, nonce=nonce, key_id=_key_id(keys[0]))


def secret_of(keys: tuple[str, ...], factor: SecondFactor) -> str | None:
    """Derive the secret, in Base32; None if its key is no longer among the keys."""
    for key in keys:
        if _key_id(key) == factor.key_id:
            message = b"totp" + factor.customer_id.bytes + factor.nonce
            derived = hmac.digest(key.encode(), message, hashlib.sha256)
            return base64.b32encode(derived[:_SECRET_BYTES]).decode()
    return None


def otpauth_uri(secret: str, email: str, issuer: str) -> str:
    """Return what authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def matching_step(secret: str, code: str) -> int | None:
    """Return the time step that a code belongs to, of the present one and its neighbours; None if to none."""
    generator, now = pyotp.TOTP(secret), int(time()) // STEP_SECONDS
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(generator.generate_otp(step), code):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return recovery codes of 80 random bits each, for example ``mfrg-gzdf-mztw-q2lk``."""
    found = []
    for _ in range(RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
        found.append("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)))
    return found


def is_recovery_code(code: str) -> bool:
    """Return whether a code has the form of a recovery code rather than that of a one-time code."""
    return "-" in code


def recovery_digest(customer_id: UUID, code: str) -> bytes:
    """Return the digest that is stored of a recovery code, whose randomness makes a slow hash unnecessary."""
    return hashlib.sha256(customer_id.bytes + code.lower().encode()).digest()


def _key_id(key: str) -> bytes:
    return hashlib.sha256(b"id" + key.encode()).digest()[:_KEY_ID_BYTES]
