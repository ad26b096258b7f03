"""Addresses as they are in each country."""

from typing import Any

import pytest

from shop.adapters.addresses import GoogleAddressBook
from shop.domain.addresses import Destination, check
from shop.domain.countries import COUNTRIES
from shop.domain.errors import InvalidRequest

BOOK = GoogleAddressBook()


def checked(country: str, **fields: str | None) -> Destination:
    sent = {"name": "Ada", "line1": "1 Main Street", "country": country} | fields
    return check(BOOK.rules(country), sent, prefix="")


def refusal(country: str, **fields: str | None) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        checked(country, **fields)
    return {error.field: error.message for error in refused.value.errors}


@pytest.mark.parametrize(
    "region",
    ["CA", "ca", " Ca ", "US-CA", "us-ca", "California", "CALIFORNIA", "Calif.", "calif", "C.A."],
)
def test_a_region_has_one_normal_form(region: str) -> None:
    """medusa #14571, bagisto #1467: tax was zero where the region is spelled otherwise (anchor A21)."""
    found = checked("US", city="San Francisco", region=region, postal_code="94105")
    assert (found.fields["region"], found.tax_region) == ("CA", "CA")


@pytest.mark.parametrize(
    ("country", "region", "code"),
    [
        ("US", "N. Mex.", "NM"), ("US", "New York", "NY"), ("US", "W. Va.", "WV"),
        ("US", "Washington, D.C.", "DC"), ("CA", "Québec", "QC"), ("CA", "Quebec", "QC"),
        ("JP", "Tokyo", "13"), ("JP", "東京都", "13"), ("JP", "東京", "13"), ("CN", "Guangdong", "44"),
        ("AE", "Dubai", "DU"), ("IE", "Co. Dublin", "D"), ("BR", "São Paulo", "SP"),
    ],
)  # fmt: skip
def test_regions_are_known_by_code_and_name_in_every_language(
    country: str, region: str, code: str
) -> None:
    assert BOOK.rules(country).region_code(region) == code


@pytest.mark.parametrize("region", ["Kalifornia", "New", "Ontario", "XX", "C"])
def test_a_region_that_is_not_known_is_refused(region: str) -> None:
    wrong = refusal("US", city="San Francisco", region=region, postal_code="94105")
    assert wrong == {"region": "state is not known; send its name or its ISO 3166-2 code"}


@pytest.mark.parametrize(
    ("country", "fields"),
    [
        ("QA", {"city": "Doha"}), ("AE", {"region": "Dubai"}), ("AE", {"city": "Dubai"}),
        ("HK", {"region": "Kowloon"}), ("IE", {"city": "Dublin"}), ("JO", {"city": "Amman"}),
        ("PA", {"city": "Panamá"}), ("SG", {"postal_code": "546080"}), ("MO", {}),
        ("AR", {"city": "Rosario"}), ("ZW", {"city": "Harare"}),
    ],
)  # fmt: skip
def test_no_field_is_required_that_a_country_does_not_have(
    country: str, fields: dict[str, Any]
) -> None:
    """reaction #3530, odoo #985, woocommerce #50752: a postal code was demanded (anchor A24)."""
    found = checked(country, **fields)
    assert {"name", "line1", "country"} <= found.fields.keys()
    assert "postal_code" in found.fields or country != "SG"


@pytest.mark.parametrize(
    ("country", "fields", "wrong"),
    [
        (
            "US",
            {"city": "San Francisco", "region": "CA", "postal_code": "94105-XX"},
            {"postal_code": "ZIP code must look like 95014 or 22162-1010"},
        ),
        (
            "US",
            {"city": None, "region": "CA"},
            {"city": "city is required", "postal_code": "ZIP code is required"},
        ),
        ("US", {"city": "X", "postal_code": "94105"}, {"region": "state is required"}),
        ("JP", {"city": "千代田区", "postal_code": "100-0001"}, {"region": "prefecture is required"}),
        ("GB", {"postal_code": "SW1A 1AA"}, {"city": "post town is required"}),
        (
            "IE",
            {"city": "Dublin", "postal_code": "00000"},
            {"postal_code": "Eircode must look like A65 F4E2"},
        ),
        ("AE", {}, {"region": "emirate is required"}),
        ("IN", {"city": "Pune", "region": "Maharashtra"}, {"postal_code": "PIN code is required"}),
        ("DE", {"city": "Berlin", "postal_code": "1011"},
         {"postal_code": "postal code must look like 26133 or 53225"}),
    ],
)  # fmt: skip
def test_the_answer_names_the_field_in_the_words_of_the_country(
    country: str, fields: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert refusal(country, **fields) == wrong


@pytest.mark.parametrize(
    ("country", "sent", "stored"),
    [
        ("GB", "sw1a  1aa", "SW1A 1AA"), ("SE", "SE-111 22", "111 22"), ("CA", "k1a0b1", "K1A0B1"),
        ("JP", "\uff11\uff10\uff10-\uff10\uff10\uff10\uff11", "100-0001"), ("US", "94105-1234", "94105-1234"),
    ],
)  # fmt: skip
def test_postal_codes_have_a_normal_form(country: str, sent: str, stored: str) -> None:
    place = {"city": "X", "region": {"CA": "ON", "JP": "Tokyo", "US": "CA"}.get(country)}
    assert checked(country, postal_code=sent, **place).fields["postal_code"] == stored


def test_every_country_has_rules() -> None:
    for country in sorted(COUNTRIES):
        rules = BOOK.rules(country)
        assert "line1" in rules.required, country
        assert rules.required <= rules.words.keys(), country
        assert rules.postal_code is None or rules.postal_code_example, country
