"""Patterns of text in bodies and queries, each with its description for error messages."""

from typing import Final

_VISIBLE: Final = r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$(?!\n)"
LINE: Final = f"^{_VISIBLE}"
OPTIONAL_LINE: Final = f"^$|^{_VISIBLE}"
#: Letters of all scripts, without invisible characters and unusual spaces.
_OTHERS: Final = (
    r"\u00a1-\u00ac\u00ae-\u1fff\u2070-\u2fff\u3001-\ud7ff\uf900-\ufdff\ufe70-\ufefc\uff01-\uffdc"
)
#: Addresses that HTML's ``input type=email`` accepts and whose domain has a dot, and the same with letters of
#: any script (RFC 6531); spaces around them are ignored.
EMAIL: Final = (
    rf"^ *[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~{_OTHERS}-]{{1,64}}@"
    rf"[A-Za-z0-9{_OTHERS}-]{{1,63}}(\.[A-Za-z0-9{_OTHERS}-]{{1,63}})+ *$(?!\n)"
)
PHONE: Final = r"^ *\+?[0-9][0-9 ()./-]{4,29}$(?!\n)"
LINK_CODE: Final = r"^[A-Za-z0-9_-]+$(?!\n)"
#: A code of an authenticator app; and that, or a recovery code.
ONE_TIME_CODE: Final = r"^[0-9]{6}$(?!\n)"
SECOND_FACTOR_CODE: Final = r"^([0-9]{6}|[A-Za-z2-7]{4}(-[A-Za-z2-7]{4}){3})$(?!\n)"
SKU: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"
IMAGE_URL: Final = r"^(https?:/)?/[^\s\"<>\\]+$(?!\n)"
CURRENCY: Final = "^[A-Z]{3}$"
COUNTRY: Final = r"^[A-Z]{2}$(?!\n)"
COUNTRY_OR_ELSE: Final = r"^([A-Z]{2}|\*)$(?!\n)"
PAYMENT_METHOD: Final = r"^(pm|card|src)_[A-Za-z0-9_]+$"
IDENTIFIER: Final = r"^[A-Za-z0-9_]+$(?!\n)"
TAX_CLASS: Final = r"^[a-z][a-z0-9_]{0,29}$(?!\n)"
METHOD: Final = r"^[a-z][a-z_]*$(?!\n)"
MOMENT: Final = r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z)?$(?!\n)"

#: Descriptions, to follow "must be".
WANTED: Final = {
    LINE: "one line of text, not blank",
    OPTIONAL_LINE: "one line of text, not blank, or empty",
    EMAIL: "an e-mail address",
    PHONE: "a telephone number, such as +1 415 555 0100",
    LINK_CODE: "letters, digits, hyphens and underscores",
    ONE_TIME_CODE: "six digits",
    SECOND_FACTOR_CODE: "six digits, or a recovery code such as mfrg-gzdf-mztw-q2lk",
    SKU: "1 to 64 letters, digits, dots, hyphens or underscores, the first a letter or digit",
    SLUG: "lower-case letters and digits, in words joined by hyphens",
    IMAGE_URL: "an http or https URL, or a path that begins with /",
    CURRENCY: "an ISO 4217 currency code such as USD",
    COUNTRY: "an ISO 3166-1 alpha-2 country code such as US",
    COUNTRY_OR_ELSE: "an ISO 3166-1 alpha-2 country code such as US, or * for all others",
    PAYMENT_METHOD: "the id of a payment method, such as pm_card_visa",
    IDENTIFIER: "letters, digits and underscores",
    TAX_CLASS: "1 to 30 lower-case letters, digits and underscores, the first a letter",
    METHOD: "lower-case letters and underscores",
    MOMENT: "a day such as 2026-01-31, or a time in UTC such as 2026-01-31T12:00:00Z",
}
