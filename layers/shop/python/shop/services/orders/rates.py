"""Tax and shipping rates, as staff reads and replaces them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from shop.contracts.http.rates import (
    SetShippingRates,
    SetTaxRates,
    ShippingRatesView,
    ShippingRateView,
    TaxRate,
    TaxRatesView,
    TaxRateView,
)
from shop.domain.countries import COUNTRIES
from shop.domain.errors import InvalidRequest
from shop.domain.money import to_decimal, to_minor
from shop.domain.rates import ShippingRow, TaxRow, Version
from shop.domain.tax import STANDARD, percent_of, rate_of
from shop.services.orders.ports import AddressBook, RatesWork
from shop.services.unit_of_work import OpenReading, OpenTransaction

_ELSE: Final = "*"
#: How far the caller's clock may be behind: orders of the past keep their rates.
_TOLERANCE: Final = timedelta(minutes=1)


def get_tax_rates(read: OpenReading[RatesWork]) -> TaxRatesView:
    """Return the tax rates that are valid now."""
    with read() as work:
        return _tax_view(work.rates.tax())


def get_shipping_rates(read: OpenReading[RatesWork]) -> ShippingRatesView:
    """Return the shipping rates that are valid now."""
    with read() as work:
        return _shipping_view(work.rates.shipping())


def set_tax_rates(
    write: OpenTransaction[RatesWork], command: SetTaxRates, *, addresses: AddressBook, actor: UUID
) -> TaxRatesView:
    """Replace all tax rates from a time on.

    Raises
    ------
    InvalidRequest
        A country, a region or a rate is wrong or given twice, `valid_from` is past, a country or region has
        no standard rate, or no rate is for every other country.
    """
    _check_time(command.valid_from)
    rows = [_tax_row(number, rate, addresses) for number, rate in enumerate(command.rates)]
    _check_keys((row.country, row.region, row.tax_class) for row in rows)
    _check_standard_rates(rows)
    with write() as work:
        work.rates.lock()
        before = _tax_view(work.rates.tax())
        after = _tax_view(work.rates.set_tax(rows, valid_from=command.valid_from, actor=actor))
        _audit(work, "tax_rates", before, after)
    return after


def set_shipping_rates(
    write: OpenTransaction[RatesWork], command: SetShippingRates, *, actor: UUID
) -> ShippingRatesView:
    """Replace all shipping rates from a time on.

    Raises
    ------
    InvalidRequest
        A country or an amount is wrong, a rate is given twice, or `valid_from` is past.
    """
    _check_time(command.valid_from)
    rows = []
    for number, rate in enumerate(command.rates):
        field = f"rates[{number}]"
        _check_country(rate.country, field)
        rows.append(
            ShippingRow(
                rate.country,
                rate.method,
                _minor(rate.price, f"{field}.price"),
                None if rate.free_from is None else _minor(rate.free_from, f"{field}.free_from"),
                rate.delivery_days,
            )
        )
    _check_keys((row.country, row.method) for row in rows)
    with write() as work:
        work.rates.lock()
        before = _shipping_view(work.rates.shipping())
        version = work.rates.set_shipping(rows, valid_from=command.valid_from, actor=actor)
        after = _shipping_view(version)
        _audit(work, "shipping_rates", before, after)
    return after


def _audit(
    work: RatesWork,
    subject: str,
    before: TaxRatesView | ShippingRatesView,
    after: TaxRatesView | ShippingRatesView,
) -> None:
    """Write the audit row of a new version: the rates that are valid now, and those that follow."""
    work.audit(
        f"{subject}.set",
        subject,
        str(after.version),
        before=msgspec.structs.asdict(before),
        after=msgspec.structs.asdict(after),
    )


def _tax_row(number: int, rate: TaxRate, addresses: AddressBook) -> TaxRow:
    field = f"rates[{number}]"
    _check_country(rate.country, field)
    try:
        rate_ppm = rate_of(rate.percent)
    except ValueError as error:
        raise InvalidRequest.field(f"{field}.percent", str(error)) from error
    region: str | None = rate.region
    if region != _ELSE:
        known = rate.country != _ELSE
        region = addresses.rules(rate.country).region_code(rate.region) if known else None
    if region is None:
        raise InvalidRequest.field(f"{field}.region", "is not a region of the country")
    if rate.on_shipping and rate.tax_class != STANDARD:
        raise InvalidRequest.field(f"{field}.on_shipping", "belongs to the standard rate")
    return TaxRow(rate.country, region, rate.tax_class, rate_ppm, rate.on_shipping)


def _check_standard_rates(rows: Sequence[TaxRow]) -> None:
    """Refuse rates that leave a class without a rate to fall back to."""
    standard = {(row.country, row.region) for row in rows if row.tax_class == STANDARD}
    if (_ELSE, _ELSE) not in standard:
        raise InvalidRequest.field("rates", "must have one for every other country (*)")
    for number, row in enumerate(rows):
        if (row.country, row.region) not in standard:
            raise InvalidRequest.field(
                f"rates[{number}].tax_class", "needs a standard rate of the same country and region"
            )


def _check_time(valid_from: datetime | None) -> None:
    if valid_from is None:
        return
    if valid_from.tzinfo is None:
        raise InvalidRequest.field("valid_from", "must have an offset from UTC, such as Z")
    if valid_from < datetime.now(UTC) - _TOLERANCE:
        raise InvalidRequest.field("valid_from", "must not be past")


def _check_country(country: str, field: str) -> None:
    if country != _ELSE and country not in COUNTRIES:
        raise InvalidRequest.field(f"{field}.country", "is not an ISO 3166-1 alpha-2 code")


def _check_keys(keys: Iterable[tuple[str, ...]]) -> None:
    seen: set[tuple[str, ...]] = set()
    for number, key in enumerate(keys):
        if key in seen:
            raise InvalidRequest.field(f"rates[{number}]", "is given twice")
        seen.add(key)


def _minor(amount: Decimal, field: str) -> int:
    try:
        return to_minor(amount)
    except ValueError as error:
        raise InvalidRequest.field(field, str(error)) from error


def _tax_view(version: Version[TaxRow]) -> TaxRatesView:
    return TaxRatesView(
        version=version.version,
        valid_from=version.valid_from,
        rates=[
            TaxRateView(
                country=row.country,
                region=row.region,
                tax_class=row.tax_class,
                percent=percent_of(row.rate_ppm),
                on_shipping=row.taxes_shipping,
            )
            for row in version.rows
        ],
    )


def _shipping_view(version: Version[ShippingRow]) -> ShippingRatesView:
    return ShippingRatesView(
        version=version.version,
        valid_from=version.valid_from,
        rates=[
            ShippingRateView(
                country=row.country,
                method=row.method,
                price=to_decimal(row.price_minor),
                free_from=None if row.free_from_minor is None else to_decimal(row.free_from_minor),
                delivery_days=row.delivery_days,
            )
            for row in version.rows
        ],
    )
