"""Bodies of /api/customers/me/second-factor."""

from typing import Annotated

import msgspec

from shop.contracts.http.patterns import ONE_TIME_CODE, SECOND_FACTOR_CODE

type OneTimeCode = Annotated[str, msgspec.Meta(pattern=ONE_TIME_CODE)]
type SecondFactorCode = Annotated[str, msgspec.Meta(pattern=SECOND_FACTOR_CODE)]


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """Response of POST /api/customers/me/second-factor.

    Attributes
    ----------
    secret : str
        For the authenticator app, in Base32; shown once.
    otpauth_uri : str
        The same as a URI, which apps read from a QR code.
    """

    secret: str
    otpauth_uri: str


class ConfirmEnrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/customers/me/second-factor/confirm: the code that the app shows."""

    code: OneTimeCode


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Response of POST /api/customers/me/second-factor/confirm.

    Attributes
    ----------
    recovery_codes : list of str
        Each replaces a one-time code once; shown once.
    """

    recovery_codes: list[str]


class DisableSecondFactor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/customers/me/second-factor/disable: a one-time code or a recovery code."""

    code: SecondFactorCode
