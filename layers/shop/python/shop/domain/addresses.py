"""Postal addresses: what each country requires, how it writes it, and what it calls it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

import msgspec

from shop.domain.errors import FieldError, InvalidRequest

#: The fields of an address that depend on the country.
FIELDS: Final = ("line1", "city", "region", "postal_code")
#: Abbreviations of the states of the United States that are neither their codes nor their names: the
#: Government Publishing Office's Style Manual (2016), 9.44.
_ABBREVIATIONS: Final = {
    "US": {
        "ala": "AL", "ariz": "AZ", "ark": "AR", "calif": "CA", "cal": "CA", "colo": "CO", "conn": "CT",
        "del": "DE", "fla": "FL", "ill": "IL", "ind": "IN", "kans": "KS", "mass": "MA", "mich": "MI",
        "minn": "MN", "miss": "MS", "mont": "MT", "nebr": "NE", "nev": "NV", "nmex": "NM", "ndak": "ND",
        "okla": "OK", "oreg": "OR", "sdak": "SD", "tenn": "TN", "tex": "TX", "wash": "WA", "wva": "WV",
        "wis": "WI", "wyo": "WY", "washingtondc": "DC",
    },
}  # fmt: skip


class CountryRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a country.

    Attributes
    ----------
    used : frozenset of str
        The fields that its addresses have.
    required : frozenset of str
        The fields that every address there has.
    words : mapping
        What the country calls a field: ``{"postal_code": "ZIP code", …}``.
    postal_code : str or None
        Regular expression; None if there is no format to check.
    postal_code_prefix : str
        What some write before the code: ``SE-``.
    postal_code_example : str
        For messages.
    writes_codes : bool
        Whether its addresses have the codes of the regions, not their names.
    regions : mapping
        Codes of the regions (ISO 3166-2 without the country) by their folded names and codes; see `fold`.
    """

    country: str
    used: frozenset[str]
    required: frozenset[str]
    words: Mapping[str, str]
    postal_code: str | None
    postal_code_prefix: str
    postal_code_example: str
    writes_codes: bool
    regions: Mapping[str, str]

    def region_code(self, text: str) -> str | None:
        """Return the code of a region by its code or name, however it is written; None if unknown.

        ``CA``, ``ca``, ``US-CA``, ``California`` and ``Calif.`` are the same region; so is the beginning of a
        name that no other region shares, such as ``Guangdong`` of ``Guangdong Sheng``.
        """
        code = text.strip()
        prefix = f"{self.country}-"
        if code.upper().startswith(prefix):
            code = code[len(prefix) :]
        folded = fold(code)
        known = self.regions.get(folded) or _ABBREVIATIONS.get(self.country, {}).get(folded)
        if known is not None or len(folded) < (4 if folded.isascii() else 2):
            return known
        begun = {found for name, found in self.regions.items() if name.startswith(folded)}
        return begun.pop() if len(begun) == 1 else None


class Destination(msgspec.Struct, frozen=True):
    """An address in its normal form.

    Attributes
    ----------
    fields : dict
        Those that are not empty. `region` is its code where addresses have the code, as in the United States.
    tax_region : str or None
        Code of the region, if the address has one that is known.
    """

    fields: dict[str, str]
    tax_region: str | None


def fold(text: str) -> str:
    """Reduce a name to its letters and digits, without case and accents.

    >>> fold("N. Mex."), fold("Côte-d'Or")
    ('nmex', 'cotedor')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def check(
    rules: CountryRules, sent: Mapping[str, str | None], *, prefix: str, complete: bool = True
) -> Destination:
    """Check an address by the rules of its country and bring it into its normal form.

    Parameters
    ----------
    sent : mapping
        The fields as sent; `FIELDS` are checked, the others are only trimmed.
    prefix : str
        Precedes the names of fields in errors.
    complete : bool
        Whether required fields must be there.

    Raises
    ------
    InvalidRequest
        Names each wrong field, in the words of the country.
    """
    fields = {name: value.strip() for name, value in sent.items() if value and value.strip()}
    errors: dict[str, str] = {}
    tax_region = _region(rules, fields, errors)
    _postal_code(rules, fields, errors)
    for name in FIELDS:
        if complete and name in rules.required and name not in fields:
            errors[name] = "is required"
    if errors:
        raise InvalidRequest(
            "The address is not complete or not valid for its country.",
            errors=[
                FieldError(f"{prefix}{name}", f"{rules.words[name]} {errors[name]}")
                for name in FIELDS
                if name in errors
            ],
        )
    return Destination(fields, tax_region)


def _region(rules: CountryRules, fields: dict[str, str], errors: dict[str, str]) -> str | None:
    """Resolve the region and write it as the country's addresses have it."""
    region = fields.get("region")
    if region is None and "city" not in rules.used:
        # Where addresses have no city, as in the Emirates, forms ask for the region under that name.
        region = fields.get("city")
        if region is None or rules.region_code(region) is None:
            return None
        fields["region"] = region
    if region is None:
        return None
    code = rules.region_code(region)
    if code is None and rules.regions and "region" in rules.required:
        errors["region"] = "is not known; send its name or its ISO 3166-2 code"
    elif code is not None and rules.writes_codes:
        fields["region"] = code
    return code


def _postal_code(rules: CountryRules, fields: dict[str, str], errors: dict[str, str]) -> None:
    if rules.postal_code is None or "postal_code" not in fields:
        return
    code = " ".join(unicodedata.normalize("NFKC", fields["postal_code"]).upper().split())
    code = code.removeprefix(rules.postal_code_prefix.upper()).strip() or code
    if re.fullmatch(rules.postal_code, code, re.ASCII) is None:
        errors["postal_code"] = f"must look like {rules.postal_code_example}"
        return
    fields["postal_code"] = code
