"""What every provider of taxes must do, whatever it is: subclass `TaxProviderContract` for each adapter."""

import pytest
from msgspec.structs import replace

from shop.domain.errors import DependencyUnavailable
from shop.domain.tax import Sale, TaxedItem, Untaxable
from shop.services.orders.ports import TaxProvider


def sale_to(country: str, *items: TaxedItem, region: str | None = None, **changes: object) -> Sale:
    """A sale of things in US dollars to a country, with two ways to ship them."""
    made = Sale(
        destination={"country": country} | ({"region": region} if region else {}),
        region=region,
        currency="USD",
        prices_include_tax=False,
        items=items or (TaxedItem(10_000), TaxedItem(333, "reduced"), TaxedItem(1)),
        shipping_minor={"standard": 599, "express": 1999},
    )
    return replace(made, **changes)


class TaxProviderContract:
    """The suite. The subclass has the fixtures `provider`, `unreachable` and `unresolved`."""

    @pytest.fixture
    def provider(self) -> TaxProvider:
        """The adapter. Goods and shipping to Germany are taxed by it."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> TaxProvider:
        """The adapter while what it asks does not answer."""
        raise NotImplementedError

    @pytest.fixture
    def unresolved(self) -> Sale:
        """A sale to a destination that lacks what the tax depends on."""
        raise NotImplementedError

    def test_every_item_and_every_shipping_method_has_a_tax(self, provider: TaxProvider) -> None:
        sale = sale_to("DE")
        assessed = provider.assess(sale)
        assert len(assessed.lines) == len(sale.items)
        assert assessed.shipping_minor.keys() == sale.shipping_minor.keys()
        for line in assessed.lines:
            assert line.rate_ppm is None or 0 <= line.rate_ppm <= 1_000_000

    def test_the_lines_are_in_the_order_of_the_items(self, provider: TaxProvider) -> None:
        amounts = (5_000, 100, 90_000, 2_000)
        assessed = provider.assess(sale_to("DE", *map(TaxedItem, amounts)))
        taxes = [line.tax_minor for line in assessed.lines]
        assert sorted(taxes) == [taxes[1], taxes[3], taxes[0], taxes[2]]
        assert len(set(taxes)) == len(amounts)

    def test_tax_is_never_zero_for_want_of_a_rate(self, provider: TaxProvider) -> None:
        """medusa #14571: tax was silently zero (anchor A21)."""
        assessed = provider.assess(
            sale_to("DE", TaxedItem(10_000), TaxedItem(10_000, "unheard_of"))
        )
        assert all(0 < line.tax_minor < 10_000 for line in assessed.lines)
        assert all(tax > 0 for tax in assessed.shipping_minor.values())

    def test_what_costs_nothing_has_no_tax(self, provider: TaxProvider) -> None:
        assessed = provider.assess(sale_to("DE", TaxedItem(0), shipping_minor={"standard": 0}))
        assert [line.tax_minor for line in assessed.lines] == [0]
        assert assessed.shipping_minor == {"standard": 0}

    def test_an_included_tax_is_a_part_of_the_price(self, provider: TaxProvider) -> None:
        """vendure #3047: the total of inclusive prices was off by a cent (anchor A22)."""
        added = provider.assess(sale_to("DE"))
        included = provider.assess(sale_to("DE", prices_include_tax=True))
        assert 0 < included.lines[0].tax_minor < added.lines[0].tax_minor < 10_000
        assert 0 < included.shipping_minor["express"] < added.shipping_minor["express"]

    def test_an_added_tax_can_be_charged_in_a_currency_with_three_decimals(
        self, provider: TaxProvider
    ) -> None:
        """woocommerce-gateway-stripe #2720 (anchor A23)."""
        assessed = provider.assess(sale_to("DE", TaxedItem(5_550), currency="KWD"))
        taxes = [*(line.tax_minor for line in assessed.lines), *assessed.shipping_minor.values()]
        assert all(tax % 10 == 0 for tax in taxes)

    def test_asking_again_gives_the_same_answer(self, provider: TaxProvider) -> None:
        assert provider.assess(sale_to("DE")) == provider.assess(sale_to("DE"))

    def test_a_destination_that_does_not_determine_the_tax_is_refused(
        self, provider: TaxProvider, unresolved: Sale
    ) -> None:
        """bagisto #1467: an unknown region was taxed at 0 percent (anchor A21)."""
        with pytest.raises(Untaxable) as refused:
            provider.assess(unresolved)
        assert refused.value.field in {"country", "region", "postal_code", "city", "line1"}
        assert refused.value.message

    def test_an_outage_is_a_failure_and_not_a_tax_of_zero(self, unreachable: TaxProvider) -> None:
        with pytest.raises(DependencyUnavailable):
            unreachable.assess(sale_to("DE"))
