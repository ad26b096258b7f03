"""Passwords, stored as scrypt hashes (RFC 7914) that contain their parameters."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_COST: Final = 2**15  # N: 32 MiB with r = 8
_BLOCK_SIZE: Final = 8  # r
_PARALLELISM: Final = 3  # p
_SALT_BYTES: Final = 16
_DIGEST_BYTES: Final = 32
_MEMORY_LIMIT_BYTES: Final = 64 * 2**20


def hash_password(password: str, salt: bytes | None = None) -> str:
    """Hash a password.

    Parameters
    ----------
    salt : bytes, optional
        From `salt_of`, so that a repeated request gives the same hash; random by default.

    Returns
    -------
    str
        ``scrypt$N$r$p$salt$digest``, the last two in Base64.
    """
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    return _format(salt, _derive(password, salt, _COST, _BLOCK_SIZE, _PARALLELISM))


def verify_password(password: str, stored: str | None) -> bool:
    """Compare a password with a stored hash, in constant time.

    Parameters
    ----------
    stored : str or None
        Result of `hash_password`, with current or other parameters. None if the customer does not exist: the
        same work is done, so that the duration does not reveal which e-mail addresses are registered.
    """
    scheme, cost, block_size, parallelism, salt, digest = (stored or UNUSABLE).split("$")
    if scheme != "scrypt":
        raise ValueError(f"unknown password hash {scheme!r}")
    expected = base64.b64decode(digest)
    derived = _derive(
        password, base64.b64decode(salt), int(cost), int(block_size), int(parallelism)
    )
    return hmac.compare_digest(derived, expected) and stored is not None


def salt_of(*parts: str) -> bytes:
    """Return the salt of a request: the same for its repetitions, another for every account."""
    return hashlib.sha256("\n".join(parts).encode()).digest()[:_SALT_BYTES]


def _derive(password: str, salt: bytes, cost: int, block_size: int, parallelism: int) -> bytes:
    return hashlib.scrypt(
        password.encode(),
        salt=salt,
        n=cost,
        r=block_size,
        p=parallelism,
        maxmem=_MEMORY_LIMIT_BYTES,
        dklen=_DIGEST_BYTES,
    )


def _format(salt: bytes, digest: bytes) -> str:
    fields = [base64.b64encode(part).decode() for part in (salt, digest)]
    return "$".join(["scrypt", str(_COST), str(_BLOCK_SIZE), str(_PARALLELISM), *fields])


#: A hash that no password matches; also used in place of that of an unknown customer.
UNUSABLE: Final = _format(bytes(_SALT_BYTES), bytes(_DIGEST_BYTES))
